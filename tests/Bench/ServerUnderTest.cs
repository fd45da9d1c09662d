using System.Diagnostics;
using System.Reflection;
using Tributary.EndToEnd.Harness;

namespace Tributary.Bench;

/// <summary>The server as it is shipped, in a process of its own on free ports, with a data folder that goes with it.</summary>
sealed class ServerUnderTest : IAsyncDisposable
{
    readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("tributary-bench-");
    readonly Process _process;

    ServerUnderTest(Dictionary<string, string> settings)
    {
        var assembly = Environment.GetEnvironmentVariable("SERVER_UNDER_TEST")
            ?? typeof(ServerUnderTest).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == "Server").Value!;
        var start = new ProcessStartInfo("dotnet", [assembly]) { RedirectStandardOutput = true, WorkingDirectory = _data.FullName };
        foreach (var (key, value) in new Dictionary<string, string>
        {
            ["Data"] = _data.FullName,
            ["Http__Port"] = $"{HttpPort}",
            ["Ingest__Rtmp__Port"] = $"{RtmpPort}",
            ["Ingest__Rtmp__TlsPort"] = "0",
            ["Frames__Port"] = $"{FreePorts.Next()}",
            ["Silo__Port"] = $"{FreePorts.Next()}",
            ["Silo__GatewayPort"] = $"{FreePorts.Next()}",
            ["Logging__LogLevel__Default"] = "Warning",
        }.Concat(settings))
        {
            start.Environment[key] = value;
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{HttpPort}"), Timeout = TimeSpan.FromSeconds(5) };
    }

    public int HttpPort { get; } = FreePorts.Next();

    public int RtmpPort { get; } = FreePorts.Next();

    public HttpClient Http { get; }

    public int Pid => _process.Id;

    public ProcessUsage Usage => ProcessUsage.Of(_process.Id);

    public static async Task<ServerUnderTest> Start(Dictionary<string, string>? settings = null)
    {
        var server = new ServerUnderTest(settings ?? []);
        await server.Answers("/readyz", TimeSpan.FromSeconds(30));
        return server;
    }

    /// <summary>Waits until a path answers with success.</summary>
    public async Task Answers(string path, TimeSpan within)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < within)
        {
            try
            {
                using var answer = await Http.GetAsync(path);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !_process.HasExited)
            {
            }

            await Task.Delay(50);
        }

        throw new TimeoutException($"{path} does not answer");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Http.Dispose();
        _data.Delete(recursive: true);
    }
}
