using System.Collections.ObjectModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>
/// Several silos and a client within one process. Silos can be added, stopped in good order and killed; membership knows of each at once.
/// </summary>
public partial class TestCluster : IDisposable, IAsyncDisposable
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
}
