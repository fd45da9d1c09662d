using System.Diagnostics;
using System.Text;

namespace Tributary.EndToEnd.Harness;

/// <summary>A process of ours with all that it printed. Disposing it kills it, and nothing but it.</summary>
sealed class ChildProcess : IAsyncDisposable
{
    readonly Process _process;
    readonly StringBuilder _output = new();
    readonly StringBuilder _errors = new();
    readonly Task _read;
    readonly string _name;

    ChildProcess(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, string? folder)
    {
        var start = new ProcessStartInfo(file)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Repository.Scratch,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        _name = Path.GetFileName(file);
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        Reaper.Watch(_process.Id);
        _read = Task.WhenAll(Read(_process.StandardOutput, _output), Read(_process.StandardError, _errors));
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output => Text(_output);

    public string Errors => Text(_errors);

    public static ChildProcess Start(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null) =>
        new(file, arguments, environment, folder);

    /// <summary>Runs a tool to its end and gives what it printed; fails if it fails or takes too long.</summary>
    public static async Task<string> Run(
        string file, IEnumerable<string> arguments, TimeSpan within, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using var process = Start(file, arguments, environment);
        await process.Exits(within);
        return process.Output;
    }

    /// <summary>Completes when the process has ended, however it did.</summary>
    public Task Exit => _process.WaitForExitAsync();

    /// <summary>Waits for an end with exit code 0.</summary>
    public async Task Exits(TimeSpan within)
    {
        var code = await Ends(within);
        Assert.True(code == 0, $"{_name} ended with {code}: {Tail(Errors)}");
    }

    /// <summary>Waits for the end, whatever its exit code.</summary>
    public async Task<int> Ends(TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{_name} did not end within {within.TotalSeconds:0.#} s: {Tail(Errors)}");
        }

        await _read;
        return _process.ExitCode;
    }

    public void Signal(string signal) => Process.Start("kill", [$"-{signal}", Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]).WaitForExit();

    /// <summary>As <c>kill -9</c>, and seen to be gone: on a busy machine that takes a moment, in which it still seems to run.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit(TimeSpan.FromSeconds(10));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    static async Task Read(StreamReader reader, StringBuilder text)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }

    static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    static string Tail(string text) => text.Length <= 2_000 ? text : text[^2_000..];
}
