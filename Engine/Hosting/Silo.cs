using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Placement;

namespace Orleans.Runtime;

/// <summary>One silo: where it is, what it shares with the others, the activations that it holds, and the way of every message through it.</summary>
sealed partial class Silo : Node, ILocalSiloDetails, IMembershipListener
{
    readonly SiloMessagingOptions _messaging;
    readonly Lazy<PlacementStrategy> _defaultPlacement;
    bool _left;

    public Silo(
        IServiceProvider services,
        ISiloCluster cluster,
        TimeProvider time,
        IOptions<ClusterOptions> clusterOptions,
        IOptions<SiloOptions> siloOptions,
        IOptions<EndpointOptions> endpoints,
        IOptions<SiloMessagingOptions> messaging,
        IOptions<GrainCollectionOptions> collection,
        ILogger<Silo> log)
        : this(services, cluster, time, clusterOptions.Value, siloOptions.Value, endpoints.Value, messaging.Value, collection.Value, log,
            services.GetService<SiloAddress>() ?? SiloAddress.New(endpoints.Value.AdvertisedIPAddress ?? IPAddress.Loopback, endpoints.Value.SiloPort, SiloAddress.AllocateNewGeneration()))
    {
    }

    Silo(
        IServiceProvider services, ISiloCluster cluster, TimeProvider time, ClusterOptions clusterOptions, SiloOptions siloOptions, EndpointOptions endpoints,
        SiloMessagingOptions messaging, GrainCollectionOptions collection, ILogger<Silo> log, SiloAddress address)
        : base(
            address, HostedClient(address), cluster.Link, time, messaging.ResponseTimeout,
            services.GetService<EngineThreads>())
    {
        _messaging = messaging;
        Services = services;
        Cluster = cluster;
        Collection = collection;
        Log = log;
        ClusterId = clusterOptions.ClusterId;
        Name = siloOptions.SiloName is { Length: > 0 } name ? name : $"Silo_{address.Generation & 0xfffff:x5}";
        GatewayPort = endpoints.GatewayPort;
        GatewayAddress = endpoints.GatewayPort > 0 ? SiloAddress.New(address.Endpoint.Address, endpoints.GatewayPort, 0) : null;
        Directory = cluster.Directory;
        Random = services.GetService<Random>() ?? Random.Shared;
        Oracle = new SiloMembership(cluster, this);
        Catalog = new Catalog(this);
        Placement = new PlacementService(this);
        Manifest = GrainManifest.Current;
        Factory = new GrainFactory(this, Manifest, services);
        Observers.Log = log;
        _defaultPlacement = new Lazy<PlacementStrategy>(() => services.GetService<PlacementStrategy>() ?? new ResourceOptimizedPlacement());
        IncomingFilters = [.. services.GetServices<IIncomingGrainCallFilter>()];
        OutgoingFilters = [.. services.GetServices<IOutgoingGrainCallFilter>()];
    }

    public IServiceProvider Services { get; }

    public ISiloCluster Cluster { get; }

    public GrainCollectionOptions Collection { get; }

    public ILogger Log { get; }

    public string Name { get; }

    public string ClusterId { get; }

    public string DnsHostName => Dns.GetHostName();

    public SiloAddress SiloAddress => Address;

    public SiloAddress? GatewayAddress { get; }

    public int GatewayPort { get; }

    public IActivationDirectory Directory { get; }

    public SiloMembership Oracle { get; }

    public IClusterMembershipService Membership => Oracle;

    public Catalog Catalog { get; }

    public PlacementService Placement { get; }

    public GrainManifest Manifest { get; }

    public GrainFactory Factory { get; }

    /// <summary>Chance; a test gives its own, with a seed.</summary>
    public Random Random { get; }

    public bool IsAlive { get; private set; } = true;

    /// <summary>False from the moment on that the silo ends its activations: it begins none any more.</summary>
    public bool TakesGrains { get; private set; } = true;

    protected override bool MaySend => IsAlive;

    public GrainClass? MakeClass(GrainType grainType)
    {
        if (Manifest.ClassOf(grainType) is not { } type)
        {
            return null;
        }

        var isWorker = type.IsDefined(typeof(Concurrency.StatelessWorkerAttribute), inherit: true);
        var limit = isWorker ? _messaging.MaxEnqueuedRequestsHardLimit_StatelessWorker : _messaging.MaxEnqueuedRequestsHardLimit;
        return new GrainClass(type, grainType, _defaultPlacement.Value, Collection, limit, Services);
    }

    /// <summary>The object that a call is for: the grain, or the silo's own part for reminders and management.</summary>
    public static object TargetOf(Activation activation, MethodDescriptor method)
    {
        var instance = activation.GrainInstance!;
        return method.ClrInterface.IsInstanceOfType(instance) ? instance
            : throw new InvalidCastException($"The grain {activation.GrainId} of class {instance.GetType()} does not implement {method.ClrInterface}.");
    }

    /// <summary>
    /// Before it takes part in the network: a generation above that one, where its own is not. The clock that gave it may have been set back, or show the same
    /// second still.
    /// </summary>
    public void Outlive(int generation)
    {
        if (Address.Generation <= generation)
        {
            Address = SiloAddress.New(Address.Endpoint, generation + 1);
            ClientId = HostedClient(Address);
        }
    }

    /// <summary>Takes part in the network.</summary>
    public Task Join(CancellationToken cancellationToken)
    {
        Cluster.Listen(this);
        return Cluster.Join(this, cancellationToken);
    }

    public async Task BecomeActive(CancellationToken cancellationToken)
    {
        await Cluster.BecomeActive(this, cancellationToken);
        LogActive(Log, Address, Name);
    }

    /// <summary>Ends the activations, each on its own: calls that come meanwhile are sent on to where the grain lives next.</summary>
    public async Task DeactivateAll(CancellationToken cancellationToken)
    {
        TakesGrains = false;
        await Cluster.BeginLeaving(this);
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "This process is terminating.");
        var others = Oracle.GetActiveSilos();
        var next = 0;
        var activations = Catalog.All.ToArray();
        foreach (var activation in activations)
        {
            activation.Leave(reason, others.Length > 0 ? others[next++ % others.Length] : null);
        }

        await Task.WhenAll(activations.Select(a => a.Deactivated)).WaitAsync(cancellationToken);
    }

    /// <summary>Leaves the cluster: dead for the others from here on.</summary>
    public Task Leave() => Leave(inGoodOrder: true);

    async Task Leave(bool inGoodOrder)
    {
        if (_left)
        {
            return;
        }

        // What still comes is answered or sent on until the others know that this silo has gone.
        _left = true;
        IsAlive = inGoodOrder;
        await Cluster.Leave(this, inGoodOrder);
        IsAlive = false;
        Cluster.Unlisten(this);
        Oracle.Stop();
        Calls.Dispose();
        LogLeft(Log, Address, Name);
    }

    /// <summary>As if the process had died: the others know, and nothing is tidied up.</summary>
    public void Kill()
    {
        _ = Leave(inGoodOrder: false);
        foreach (var activation in Catalog.All)
        {
            activation.Abort();
        }
    }

    public void StatusChanged(SiloAddress silo, SiloStatus status)
    {
        if (status == SiloStatus.Dead && !silo.Equals(Address))
        {
            Calls.SiloDied(silo);
        }
    }

    public void After(TimeSpan time, Action action)
    {
        Threads.Start(Wait);

        async Task Wait()
        {
            await Task.Delay(time, Time);
            action();
        }
    }

    static GrainId HostedClient(SiloAddress address) => GrainId.Create(SystemNames.Client, $"hosted-{address.ToParsableString()}");

    [LoggerMessage(LogLevel.Information, "Silo {Name} at {Address} is active")]
    static partial void LogActive(ILogger log, SiloAddress address, string name);

    [LoggerMessage(LogLevel.Information, "Silo {Name} at {Address} has left the cluster")]
    static partial void LogLeft(ILogger log, SiloAddress address, string name);
}

/// <summary>Grain types that the engine itself uses.</summary>
static class SystemNames
{
    public static readonly GrainType Client = GrainType.Create("sys.client");
}
