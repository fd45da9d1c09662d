using System.Globalization;

namespace Tributary.EndToEnd.Harness;

/// <summary>The real server in a process of its own, on free ports and a data folder of its own.</summary>
sealed class ServerProcess : IAsyncDisposable
{
    static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(30);

    readonly Dictionary<string, string> _environment;
    readonly List<ChildProcess> _lives = [];

    ServerProcess(string data, Dictionary<string, string>? settings)
    {
        Data = data;
        _environment = new Dictionary<string, string>(settings ?? [])
        {
            ["Data"] = data,
            ["Http__Port"] = Number(HttpPort),
            ["Ingest__Rtmp__Port"] = Number(RtmpPort),
            ["Ingest__Rtmp__TlsPort"] = Number(FreePorts.Next()),
            ["Frames__Port"] = Number(FreePorts.Next()),
            ["Silo__Port"] = Number(FreePorts.Next()),
            ["Silo__GatewayPort"] = Number(FreePorts.Next()),
            ["Vod__WarmUp"] = "00:00:00",   // hundreds of servers are started here
            ["Web__Folder"] = Path.Combine(Repository.Root, "deploy/web/node_modules"),
        };
        Http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri($"http://127.0.0.1:{HttpPort}"), Timeout = TimeSpan.FromSeconds(10) };
    }

    public string Data { get; }

    public int HttpPort { get; } = FreePorts.Next();

    public int RtmpPort { get; } = FreePorts.Next();

    public HttpClient Http { get; }

    public int Pid => _lives[^1].Id;

    public bool IsRunning => !_lives[^1].HasExited;

    /// <summary>All that it logged, over all its lives.</summary>
    public string Log => string.Concat(_lives.Select(life => life.Output + life.Errors));

    /// <summary>The end of it, for a failure.</summary>
    public string LogTail => Log is { Length: > 3_000 } log ? log[^3_000..] : Log;

    /// <summary>Memory in use, from /proc.</summary>
    public long ResidentBytes => long.Parse(
        File.ReadLines($"/proc/{Pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) * 1024;

    public static async Task<ServerProcess> Start(Dictionary<string, string>? settings = null, string? data = null)
    {
        var server = new ServerProcess(data ?? Repository.Folder("data-" + Guid.NewGuid().ToString("N")[..8]), settings);
        await server.StartAgain();
        return server;
    }

    public Uri Url(string path) => new(Http.BaseAddress!, path);

    public Uri Master(string stream) => Url($"/live/{stream}/master.m3u8");

    public Uri TsMaster(string stream) => Url($"/live/{stream}/ts/master.m3u8");

    public string Rtmp(string stream) => $"rtmp://127.0.0.1:{RtmpPort}/live/{stream}";

    /// <summary>kill -9, as a crash is: nothing is written any more.</summary>
    public async Task Crash() => await _lives[^1].DisposeAsync();

    public void Signal(string signal) => _lives[^1].Signal(signal);

    /// <summary>Waits for its end, and gives the exit code.</summary>
    public Task<int> Ends(TimeSpan within) => _lives[^1].Ends(within);

    /// <summary>SIGTERM, as an operator ends it; comes back with its exit code when it is gone.</summary>
    public async Task<int> Terminate(TimeSpan within)
    {
        _lives[^1].Signal("TERM");
        return await _lives[^1].Ends(within);
    }

    /// <summary>Starts on the same ports and the same data folder, and waits until it is ready.</summary>
    public async Task StartAgain()
    {
        _lives.Add(ChildProcess.Start("dotnet", [Repository.ServerAssembly], _environment, Data));
        try
        {
            await Eventually.IsTrue("the server is ready", ReadyWithin, async () =>
            {
                Assert.True(IsRunning, $"the server ended at once: {Log}");
                using var answer = await Http.GetAsync("/readyz");
                return answer.IsSuccessStatusCode;
            });
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\n{Log}", timeout);
        }
    }

    /// <summary>Waits until somebody can play the stream.</summary>
    public async Task IsPlayable(string stream, TimeSpan? within = null)
    {
        var last = "";
        try
        {
            await Eventually.IsTrue($"{stream} is playable", within ?? TimeSpan.FromSeconds(20), async () =>
            {
                using var answer = await Http.GetAsync(Master(stream));
                last = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
                return answer.IsSuccessStatusCode;
            });
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\n{last}\n{LogTail}", timeout);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Crash();
        Http.Dispose();
    }

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
