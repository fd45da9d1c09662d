using System.Collections.ObjectModel;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>Several silos and a client within one process, configured by delegates; otherwise like <see cref="TestCluster"/>.</summary>
public sealed class InProcessTestCluster : IDisposable, IAsyncDisposable
{
    readonly List<InProcessSiloHandle> _silos = [];
    readonly List<InProcessSiloHandle> _stopped = [];
    IHost? _client;
    int _started;
    bool _disposed;

    public InProcessTestCluster(InProcessTestClusterOptions options, ITestClusterPortAllocator portAllocator)
    {
        Options = options;
        PortAllocator = portAllocator;
    }

    public InProcessTestClusterOptions Options { get; }

    public ITestClusterPortAllocator PortAllocator { get; }

    public IClusterClient Client => _client?.Services.GetRequiredService<IClusterClient>() ?? throw new InvalidOperationException("The client is not started.");

    public ReadOnlyCollection<InProcessSiloHandle> Silos
    {
        get
        {
            lock (_silos)
            {
                return new ReadOnlyCollection<InProcessSiloHandle>([.. _silos]);
            }
        }
    }

    internal LocalCluster Cluster => LocalCluster.Named(ClusterName);

    string ClusterName => $"{Options.ClusterId}/{Options.ServiceId}";

    public static TimeSpan GetLivenessStabilizationTime(ClusterMembershipOptions clusterMembershipOptions, bool didKill = false) =>
        TestCluster.GetLivenessStabilizationTime(clusterMembershipOptions, didKill);

    public static Task<InProcessSiloHandle> StartSiloAsync(InProcessTestCluster cluster, int instanceNumber, InProcessTestClusterOptions clusterOptions) =>
        cluster.StartSiloAsync(instanceNumber, clusterOptions);

    public async Task DeployAsync()
    {
        await StartSilosAsync(Options.InitialSilosCount);
        if (Options.InitializeClientOnDeploy)
        {
            await InitializeClientAsync();
        }
    }

    public async Task InitializeClientAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "TestClusterClient" });
        builder.UseOrleansClient(client =>
        {
            client.Services.AddSingleton(Cluster);
            client.Configure<ClusterOptions>(Name);
        });
        Options.ClientHostConfigurationDelegates.ForEach(configure => configure(builder));
        _client = builder.Build();
        await _client.StartAsync();
    }

    public async Task<InProcessSiloHandle> CreateSiloAsync(InProcessTestSiloSpecificOptions siloOptions)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "TestClusterSilo" });
        builder.UseOrleans(silo =>
        {
            silo.Services.AddSingleton(Cluster);
            silo.ConfigureEndpoints(IPAddress.Loopback, siloOptions.SiloPort, siloOptions.GatewayPort);
            silo.Configure<SiloOptions>(o => o.SiloName = siloOptions.SiloName);
            silo.Configure<ClusterOptions>(Name);
        });
        Options.SiloHostConfigurationDelegates.ForEach(configure => configure(siloOptions, builder));
        var host = builder.Build();
        await host.StartAsync();
        return InProcessSiloHandle.Of(host);
    }

    public async Task<InProcessSiloHandle> StartSiloAsync(int instanceNumber, InProcessTestClusterOptions clusterOptions)
    {
        var handle = await CreateSiloAsync(InProcessTestSiloSpecificOptions.Create(this, clusterOptions, instanceNumber));
        handle.InstanceNumber = (short)instanceNumber;
        lock (_silos)
        {
            _silos.Add(handle);
            _started = Math.Max(_started, instanceNumber + 1);
        }

        return handle;
    }

    public InProcessSiloHandle StartAdditionalSilo() => StartAdditionalSiloAsync().GetAwaiter().GetResult();

    public Task<InProcessSiloHandle> StartAdditionalSiloAsync() => StartSiloAsync(_started, Options);

    public async Task<List<InProcessSiloHandle>> StartSilosAsync(int silosToStart)
    {
        var started = new List<InProcessSiloHandle>();
        for (var i = 0; i < silosToStart; i++)
        {
            started.Add(await StartAdditionalSiloAsync());
        }

        return started;
    }

    /// <summary>Stops a silo in good order.</summary>
    public async Task StopSiloAsync(InProcessSiloHandle instance)
    {
        await instance.StopSiloAsync(stopGracefully: true);
        Forget(instance);
    }

    /// <summary>Ends a silo as if its process had died.</summary>
    public async Task KillSiloAsync(InProcessSiloHandle instance)
    {
        await instance.StopSiloAsync(stopGracefully: false);
        Forget(instance);
    }

    public async Task<InProcessSiloHandle?> RestartSiloAsync(InProcessSiloHandle instance)
    {
        if (instance is null)
        {
            return null;
        }

        await StopSiloAsync(instance);
        return await StartSiloAsync(instance.InstanceNumber, Options);
    }

    public Task<InProcessSiloHandle> RestartStoppedSecondarySiloAsync(string siloName) =>
        StartSiloAsync(int.Parse(siloName.AsSpan(siloName.LastIndexOf('_') + 1), CultureInfo.InvariantCulture), Options);

    public async Task StopSilosAsync()
    {
        foreach (var silo in Silos)
        {
            await StopSiloAsync(silo);
        }
    }

    public void StopAllSilos() => StopAllSilosAsync().GetAwaiter().GetResult();

    public async Task StopAllSilosAsync()
    {
        await StopClusterClientAsync();
        await StopSilosAsync();
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

    public IEnumerable<InProcessSiloHandle> GetActiveSilos() => Silos.Where(s => s.IsActive);

    public InProcessSiloHandle? GetSiloForAddress(SiloAddress siloAddress) => GetActiveSilos().FirstOrDefault(s => s.SiloAddress.Equals(siloAddress));

    public IServiceProvider GetSiloServiceProvider(SiloAddress? silo = null) =>
        (silo is null ? Silos.FirstOrDefault() : GetSiloForAddress(silo))?.ServiceProvider ?? throw new ArgumentException($"There is no silo {silo}.", nameof(silo));

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

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

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

        LocalCluster.Forget(ClusterName);
        PortAllocator.Dispose();
    }

    void Name(ClusterOptions options)
    {
        options.ClusterId = Options.ClusterId;
        options.ServiceId = Options.ServiceId;
    }

    void Forget(InProcessSiloHandle instance)
    {
        lock (_silos)
        {
            _silos.Remove(instance);
            _stopped.Add(instance);
        }
    }
}
