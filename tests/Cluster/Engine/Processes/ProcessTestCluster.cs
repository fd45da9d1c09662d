using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Tributary.Cluster.Engine.Processes;

/// <summary>A silo process. Disposing it kills it.</summary>
sealed class SiloProcess : IAsyncDisposable
{
    readonly StringBuilder _output = new();
    readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Process _process;

    public SiloProcess(string name, string database, int siloPort, int gatewayPort, Machine? host)
    {
        (Name, SiloPort, GatewayPort, Host) = (name, siloPort, gatewayPort, host);
        string[] inside = host is null ? [] : ["ip", "netns", "exec", host.Name];
        string[] command = [.. inside, "dotnet", typeof(SiloProcess).Assembly.Location, "--name", name, "--database", database, "--silo", Text(siloPort), "--gateway", Text(gatewayPort),
            "--address", host?.Address ?? "127.0.0.1"];
        var start = new ProcessStartInfo(command[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }

        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, e) => Add(e.Data);
        _process.ErrorDataReceived += (_, e) => Add(e.Data);
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException($"{name} ended: {Output}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int SiloPort { get; }

    public int GatewayPort { get; }

    /// <summary>The machine that it runs on where that is not this one.</summary>
    public Machine? Host { get; }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public bool HasExited => _process.HasExited;

    public async Task Ready()
    {
        try
        {
            await _ready.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Name} is not ready after 60 s: {Output}");
        }
    }

    /// <summary>As <c>kill -9</c>.</summary>
    public void Kill() => _process.Kill();

    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", Text(_process.Id)]);
        kill.WaitForExit();
    }

    public Task Ends(TimeSpan within) => _process.WaitForExitAsync().WaitAsync(within);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>True when it listens at the place that a grain names as its own.</summary>
    public bool Is(string place) => place.Contains($"{Host?.Address ?? "127.0.0.1"}:{SiloPort}:", StringComparison.Ordinal);

    void Add(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (line == "ready")
        {
            _ready.TrySetResult();
        }
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>PostgreSQL, silos as processes, and a client in this one.</summary>
sealed class ProcessTestCluster : IAsyncDisposable
{
    IHost? _client;
    int _started;

    ProcessTestCluster(PostgresServer database) => Database = database;

    public PostgresServer Database { get; }

    public List<SiloProcess> Silos { get; } = [];

    public IClusterClient Client => _client!.Services.GetRequiredService<IClusterClient>();

    public static async Task<ProcessTestCluster> Start(int silos)
    {
        Skip.If(PostgresServer.Missing is not null, PostgresServer.Missing);
        var cluster = new ProcessTestCluster(await PostgresServer.Start());
        try
        {
            await Task.WhenAll(Enumerable.Range(0, silos).Select(_ => cluster.StartSilo()).ToArray());
            await cluster.StartClient();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>One silo on each of these machines; PostgreSQL and the client are on this one.</summary>
    public static async Task<ProcessTestCluster> Start(Network network)
    {
        Skip.If(PostgresServer.Missing is not null, PostgresServer.Missing);
        var cluster = new ProcessTestCluster(await PostgresServer.Start(network.Address));
        try
        {
            await Task.WhenAll(network.Hosts.Select(host => cluster.StartSilo(11_111, 30_000, host)).ToArray());
            await cluster.StartClient();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public Task<SiloProcess> StartSilo() => StartSilo(FreePorts.Next(), FreePorts.Next());

    /// <summary>A silo where that one was.</summary>
    public Task<SiloProcess> Restart(SiloProcess silo) => StartSilo(silo.SiloPort, silo.GatewayPort, silo.Host);

    public async Task<SiloProcess> StartSilo(int siloPort, int gatewayPort, Machine? host = null)
    {
        var silo = new SiloProcess($"silo-{_started++}", Database.ConnectionString, siloPort, gatewayPort, host);
        Silos.Add(silo);
        await silo.Ready();
        return silo;
    }

    public async Task StartClient()
    {
        await StopClient();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client =>
        {
            client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = ("Npgsql", Database.ConnectionString));
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("test", "test"));
            client.Configure<ConnectionOptions>(FastSettings.Apply);
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(10));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
        });
        _client = builder.Build();
        await _client.StartAsync();
    }

    public async Task StopClient()
    {
        if (_client is { } client)
        {
            _client = null;
            await client.StopAsync();
            client.Dispose();
        }
    }

    public ICounterGrain Counter(string key) => Client.GetGrain<ICounterGrain>(key);

    /// <summary>The silo process that a grain lives on.</summary>
    public async Task<SiloProcess> HolderOf(ICounterGrain counter)
    {
        var place = await counter.WhereAmI();
        return Silos.Single(s => !s.HasExited && s.Is(place));
    }

    /// <summary>A grain that lives on that silo.</summary>
    public async Task<ICounterGrain> CounterOn(SiloProcess silo, string prefix)
    {
        for (var i = 0; i < 200; i++)
        {
            var counter = Counter($"{prefix}-{i}");
            if (await HolderOf(counter) == silo)
            {
                return counter;
            }
        }

        throw new InvalidOperationException($"No grain came to live on {silo.Name}.");
    }

    /// <summary>One grain on each silo.</summary>
    public async Task<IReadOnlyList<ISpeakerGrain>> SpeakersOnEverySilo()
    {
        var speakers = new Dictionary<string, ISpeakerGrain>();
        for (var i = 0; speakers.Count < Silos.Count && i < 100; i++)
        {
            var speaker = Client.GetGrain<ISpeakerGrain>($"everywhere-{i}");
            speakers.TryAdd(await speaker.WhereAmI(), speaker);
        }

        Assert.Equal(Silos.Count, speakers.Count);
        return [.. speakers.Values];
    }

    /// <summary>How often the membership says that a silo is dead without having left in order.</summary>
    public int Deaths => Silos.Sum(silo => silo.Output.Split("is declared dead").Length - 1);

    /// <summary>
    /// What the storage recorded: each version of a state follows the one before, epochs never fall, and nobody wrote but the silo that held the grain then.
    /// </summary>
    public async Task<string> CheckHistory()
    {
        var writes = await Database.History();
        var epochs = 0;
        foreach (var grain in writes.GroupBy(write => write.Grain))
        {
            Write? before = null;
            foreach (var write in grain)
            {
                Assert.True(before is null || write.Version == before.Version + 1, $"{write} follows {before}");
                Assert.True(before is null || write.Epoch is null || write.Epoch >= before.Epoch, $"{write} follows {before}");
                Assert.True(write.Holder is null || write.Writer == write.Holder, $"{write}: another held the grain");
                before = write with { Epoch = write.Epoch ?? before?.Epoch };
            }

            epochs += grain.Select(write => write.Epoch).Distinct().Count();
        }

        return $"{writes.Count} writes of {writes.Select(write => write.Grain).Distinct().Count()} grains under {epochs} epochs: each by the silo that held the grain";
    }

    public string Logs() => string.Join("\n", Silos.Select(s => $"=== {s.Name}\n{s.Output}"));

    public async ValueTask DisposeAsync()
    {
        await StopClient();
        foreach (var silo in Silos)
        {
            await silo.DisposeAsync();
        }

        await Database.DisposeAsync();
    }
}
