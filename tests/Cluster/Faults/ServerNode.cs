using System.Globalization;
using Tributary.EndToEnd.Harness;

namespace Tributary.Cluster.Faults;

/// <summary>One process of the product in one role. It keeps its name, its address and its data folder over all its lives.</summary>
sealed class ServerNode : IAsyncDisposable
{
    static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(90);

    readonly List<ChildProcess> _lives = [];
    readonly NetworkPlace _place;
    readonly Dictionary<string, string> _environment;
    readonly string _database;

    public ServerNode(string role, int number, NetworkPlace place, string database, IReadOnlyDictionary<string, string> settings)
    {
        (Role, Name, _place, _database) = (role, $"{role}-{number}", place, database);
        _environment = new Dictionary<string, string>(settings)
        {
            ["Data"] = Repository.Folder($"nodes-{Guid.NewGuid().ToString("N")[..6]}/{Name}"),
            ["Node__Name"] = Name,
            ["Node__Host"] = Host,
            ["Node__Roles__0"] = role,
            ["Http__Port"] = Number(HttpPort),
            ["Ingest__Rtmp__Port"] = Number(RtmpPort),
            ["Ingest__Rtmp__TlsPort"] = "0",
            ["Gateway__Rtmp__Port"] = Number(RtmpPort),
            ["Frames__Port"] = Number(FreePorts.Next()),
            ["Silo__Port"] = Number(SiloPort),
            ["Silo__GatewayPort"] = Number(FreePorts.Next()),
        };
        Http = new HttpClient(new SocketsHttpHandler { UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(2) })
        {
            BaseAddress = new Uri($"http://{Host}:{HttpPort}"),
            Timeout = TimeSpan.FromSeconds(5),
        };
    }

    public string Role { get; }

    public string Name { get; }

    public string Host => _place.Address;

    public string Data => _environment["Data"];

    public int HttpPort { get; } = FreePorts.Next();

    public int RtmpPort { get; } = FreePorts.Next();

    public int SiloPort { get; } = FreePorts.Next();

    public HttpClient Http { get; }

    /// <summary>How PostgreSQL names this life of the process.</summary>
    public string Life => $"{Name}.{_lives.Count}";

    public bool IsRunning => _lives.Count > 0 && !_lives[^1].HasExited;

    public string Log => string.Concat(_lives.Select(life => life.Output + life.Errors));

    public string Rtmp(string stream) => $"rtmp://{Host}:{RtmpPort}/live/{stream}";

    public Uri Master(string stream) => new(Http.BaseAddress!, $"/live/{stream}/master.m3u8");

    /// <summary>Starts the process without waiting for it.</summary>
    public void Begin()
    {
        _environment["Cluster__Database"] = $"{_database};Application Name={Name}.{_lives.Count + 1}";
        string[] command = [.. _place.Prefix, "dotnet", Repository.ServerAssembly];
        _lives.Add(ChildProcess.Start(command[0], command[1..], _environment, Data));
    }

    public async Task Start()
    {
        Begin();
        await IsReady();
    }

    /// <summary>Waits until it takes traffic; what ends meanwhile is started again, as a supervisor does.</summary>
    public async Task IsReady()
    {
        var (last, ends) = ("", 0);
        try
        {
            await Eventually.IsTrue($"{Name} is ready", ReadyWithin, async () =>
            {
                if (!IsRunning && ++ends <= 3)
                {
                    Begin();
                }

                using var answer = await Http.GetAsync("/readyz?verbose");
                last = await answer.Content.ReadAsStringAsync();
                return answer.IsSuccessStatusCode;
            });
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\n{last}\n{Tail}", timeout);
        }
    }

    /// <summary>As <c>kill -9</c>.</summary>
    public void Kill() => _lives[^1].Kill();

    /// <summary>SIGTERM, as an operator or an orchestrator ends it; comes back when the process is gone.</summary>
    public async Task Terminate(TimeSpan within)
    {
        _lives[^1].Signal("TERM");
        await _lives[^1].Ends(within);
    }

    /// <summary>SIGSTOP: it does nothing any more, but its connections stand.</summary>
    public void Stall() => _lives[^1].Signal("STOP");

    public void GoOn() => _lives[^1].Signal("CONT");

    /// <summary>Status and text of a health page; 0 when there was no answer.</summary>
    public async Task<(int Status, string Text)> Health(string page)
    {
        try
        {
            using var answer = await Http.GetAsync(page);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return (0, exception.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var life in _lives)
        {
            await life.DisposeAsync();
        }

        Http.Dispose();
    }

    string Tail => Log is { Length: > 2_500 } log ? log[^2_500..] : Log;

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
