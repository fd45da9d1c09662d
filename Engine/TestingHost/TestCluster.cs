using System.Collections.ObjectModel;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>
/// Several silos and a client within one process. Silos can be added, stopped in good order and killed; membership knows of each at once.
/// </summary>
public class TestCluster : IDisposable, IAsyncDisposable
{
    readonly List<SiloHandle> _silos = [];
    readonly List<SiloHandle> _stopped = [];
    Func<string, IConfiguration, Task<SiloHandle>> _createSilo;
    IHost? _client;
    int _started;
    bool _disposed;

    public TestCluster(TestClusterOptions options, IReadOnlyList<IConfigurationSource> configurationSources, ITestClusterPortAllocator portAllocator)
    {
        Options = options;
        ConfigurationSources = configurationSources;
        PortAllocator = portAllocator;
        _createSilo = DefaultCreateSiloAsync;
    }

    public TestClusterOptions Options { get; }

    public IReadOnlyList<IConfigurationSource> ConfigurationSources { get; }

    public ITestClusterPortAllocator PortAllocator { get; }

    public Func<string, IConfiguration, Task<SiloHandle>> CreateSiloAsync
    {
        private get => _createSilo;
        set => _createSilo = value;
    }

    public SiloHandle? Primary { get; private set; }

    public IReadOnlyList<SiloHandle> SecondarySilos
    {
        get
        {
            lock (_silos)
            {
                return [.. _silos.Where(s => s != Primary)];
            }
        }
    }

    public ReadOnlyCollection<SiloHandle> Silos
    {
        get
        {
            lock (_silos)
            {
                return new ReadOnlyCollection<SiloHandle>([.. _silos]);
            }
        }
    }

    public IServiceProvider ServiceProvider => _client?.Services ?? throw new InvalidOperationException("The client is not started.");

    public IClusterClient Client => ServiceProvider.GetRequiredService<IClusterClient>();

    public IGrainFactory GrainFactory => Client;

    internal LocalCluster Cluster => LocalCluster.Named($"{Options.ClusterId}/{Options.ServiceId}");

    public static TimeSpan GetLivenessStabilizationTime(ClusterMembershipOptions clusterMembershipOptions, bool didKill = false)
    {
        ArgumentNullException.ThrowIfNull(clusterMembershipOptions);
        return didKill ? clusterMembershipOptions.ProbeTimeout * clusterMembershipOptions.NumMissedProbesLimit : TimeSpan.FromSeconds(1);
    }

    public static Task<SiloHandle> StartSiloAsync(
        TestCluster cluster, int instanceNumber, TestClusterOptions clusterOptions, IReadOnlyList<IConfigurationSource>? configurationOverrides = null,
        bool startSiloOnNewPort = false) => cluster.StartSiloAsync(instanceNumber, clusterOptions, configurationOverrides, startSiloOnNewPort);

    public void Deploy() => DeployAsync().GetAwaiter().GetResult();

    public async Task DeployAsync()
    {
        Primary = await StartNext();
        for (var i = 1; i < Options.InitialSilosCount; i++)
        {
            await StartNext();
        }

        if (Options.InitializeClientOnDeploy)
        {
            await InitializeClientAsync();
        }
    }

    public async Task InitializeClientAsync()
    {
        _client = TestClusterHosts.BuildClient(Configuration([]));
        await _client.StartAsync();
    }

    public SiloHandle StartAdditionalSilo(bool startAdditionalSiloOnNewPort = false) => StartAdditionalSiloAsync(startAdditionalSiloOnNewPort).GetAwaiter().GetResult();

    public Task<SiloHandle> StartAdditionalSiloAsync(bool startAdditionalSiloOnNewPort = false) => StartNext();

    public async Task<List<SiloHandle>> StartAdditionalSilosAsync(int silosToStart, bool startAdditionalSiloOnNewPort = false)
    {
        var started = new List<SiloHandle>();
        for (var i = 0; i < silosToStart; i++)
        {
            started.Add(await StartNext());
        }

        return started;
    }

    public async Task<SiloHandle> StartSiloAsync(
        int instanceNumber, TestClusterOptions clusterOptions, IReadOnlyList<IConfigurationSource>? configurationOverrides = null, bool startSiloOnNewPort = false)
    {
        var name = NameOf(instanceNumber);
        var gateway = clusterOptions.GatewayPerSilo || instanceNumber == 0 ? clusterOptions.BaseGatewayPort + instanceNumber : 0;
        var configuration = Configuration(
            [.. configurationOverrides ?? [], new MemoryConfigurationSource
            {
                InitialData = new Dictionary<string, string?>
                {
                    [TestClusterHosts.SiloPort] = Text(clusterOptions.BaseSiloPort + instanceNumber),
                    [TestClusterHosts.GatewayPort] = Text(gateway),
                    [TestClusterHosts.PrimarySiloPort] = Text(clusterOptions.BaseSiloPort),
                    ["SiloName"] = name
                }
            }]);
        var handle = await CreateSiloAsync(name, configuration);
        handle.ClusterOptions = clusterOptions;
        handle.InstanceNumber = (short)instanceNumber;
        lock (_silos)
        {
            _silos.Add(handle);
            _started = Math.Max(_started, instanceNumber + 1);
        }

        return handle;
    }

    public async Task<SiloHandle> DefaultCreateSiloAsync(string siloName, IConfiguration configuration) => await InProcessSiloHandle.CreateAsync(siloName, configuration);

    /// <summary>Stops a silo in good order: its grains end, and live on elsewhere at the next call.</summary>
    public async Task StopSiloAsync(SiloHandle instance)
    {
        await instance.StopSiloAsync(stopGracefully: true);
        Forget(instance);
    }

    /// <summary>Ends a silo as if its process had died.</summary>
    public async Task KillSiloAsync(SiloHandle instance)
    {
        await instance.StopSiloAsync(stopGracefully: false);
        Forget(instance);
    }

    public async Task<SiloHandle?> RestartSiloAsync(SiloHandle instance)
    {
        if (instance is null)
        {
            return null;
        }

        var wasPrimary = instance == Primary;
        await StopSiloAsync(instance);
        var handle = await StartSiloAsync(instance.InstanceNumber, Options);
        Primary = wasPrimary ? handle : Primary;
        return handle;
    }

    public Task<SiloHandle> RestartStoppedSecondarySiloAsync(string siloName) =>
        StartSiloAsync(int.Parse(siloName.AsSpan(siloName.LastIndexOf('_') + 1), CultureInfo.InvariantCulture), Options);

    public async Task StopPrimarySiloAsync()
    {
        if (Primary is { } primary)
        {
            await StopSiloAsync(primary);
        }
    }

    public async Task StopSecondarySilosAsync()
    {
        foreach (var silo in SecondarySilos)
        {
            await StopSiloAsync(silo);
        }
    }

    public void StopAllSilos() => StopAllSilosAsync().GetAwaiter().GetResult();

    public async Task StopAllSilosAsync()
    {
        await StopClusterClientAsync();
        await StopSecondarySilosAsync();
        await StopPrimarySiloAsync();
    }

    public async Task StopClusterClientAsync()
    {
        if (_client is { } client)
        {
            _client = null;
            await client.StopAsync();
            client.Dispose();
        }
    }

    public Task KillClientAsync() => StopClusterClientAsync();

    public IEnumerable<SiloHandle> GetActiveSilos() => Silos.Where(s => s.IsActive);

    public SiloHandle? GetSiloForAddress(SiloAddress siloAddress) => GetActiveSilos().FirstOrDefault(s => s.SiloAddress.Equals(siloAddress));

    public IServiceProvider GetSiloServiceProvider(SiloAddress? silo = null)
    {
        var handle = silo is null ? Primary : GetSiloForAddress(silo);
        return handle is InProcessSiloHandle local ? local.ServiceProvider : throw new ArgumentException($"There is no silo {silo} in this process.", nameof(silo));
    }

    /// <summary>Membership is known at once here: there is nothing to wait for.</summary>
    public Task WaitForLivenessToStabilizeAsync(bool didKill = false) => Task.CompletedTask;

    public Task WaitForClusterManifestToStabilizeAsync(bool didKill = false) => Task.CompletedTask;

    public bool TryGetGrainContext(GrainId grainId, out IGrainContext? grainContext)
    {
        grainContext = TestGrains.Find(Cluster, grainId);
        return grainContext is not null;
    }

    public Task DeactivateAsync(IAddressable grain) => DeactivateAsync(grain.GetGrainId());

    public Task DeactivateAsync(GrainId grainId) => TestGrains.Deactivate(Cluster, grainId);

    public Task MigrateAsync(IAddressable grain, SiloAddress? targetSilo = null) => MigrateAsync(grain.GetGrainId(), targetSilo);

    public Task MigrateAsync(GrainId grainId, SiloAddress? targetSilo = null) => TestGrains.Migrate(Cluster, grainId, targetSilo);

    public Task WaitForDeactivationAsync(IAddressable grain) => WaitForDeactivationAsync(grain.GetGrainId());

    public Task WaitForDeactivationAsync(GrainId grainId) => TestGrains.Find(Cluster, grainId)?.Deactivated ?? Task.CompletedTask;

    public string GetLog() => string.Join(Environment.NewLine, Silos.Select(s => $"{s.Name} {s.SiloAddress} {(s.IsActive ? "active" : "stopped")}"));

    public void Dispose()
    {
        DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await StopClusterClientAsync();
        foreach (var silo in Silos.Concat(_stopped))
        {
            await silo.DisposeAsync();
        }

        LocalCluster.Forget($"{Options.ClusterId}/{Options.ServiceId}");
        PortAllocator.Dispose();
        GC.SuppressFinalize(this);
    }

    Task<SiloHandle> StartNext() => StartSiloAsync(_started, Options);

    void Forget(SiloHandle instance)
    {
        lock (_silos)
        {
            _silos.Remove(instance);
            _stopped.Add(instance);
        }
    }

    IConfiguration Configuration(IReadOnlyList<IConfigurationSource> overrides)
    {
        var builder = new ConfigurationBuilder();
        foreach (var source in ConfigurationSources.Concat(overrides))
        {
            builder.Add(source);
        }

        return builder.Build();
    }

    static string NameOf(int instanceNumber) => instanceNumber == 0 ? "Primary" : $"Secondary_{instanceNumber}";

    static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Finds and moves activations of a test cluster.</summary>
static class TestGrains
{
    public static Activation? Find(LocalCluster cluster, GrainId grainId) => cluster.Silos.Select(s => s.Catalog.Find(grainId)).FirstOrDefault(a => a is not null);

    public static async Task Deactivate(LocalCluster cluster, GrainId grainId)
    {
        if (Find(cluster, grainId) is { } activation)
        {
            activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "The test asked for it."));
            await activation.Deactivated;
        }
    }

    public static async Task Migrate(LocalCluster cluster, GrainId grainId, SiloAddress? target)
    {
        if (Find(cluster, grainId) is { } activation)
        {
            activation.Migrate(target is null ? null : new Dictionary<string, object> { [Runtime.Placement.IPlacementDirector.PlacementHintKey] = target });
            await activation.Deactivated;
        }
    }
}
