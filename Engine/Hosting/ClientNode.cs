using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>
/// A client of the cluster: sends each grain's calls through one gateway (so their order holds) and holds the observers of its process.
/// </summary>
sealed class ClientNode : Node, IMembershipListener
{
    readonly IClientCluster _cluster;

    public ClientNode(IServiceProvider services, IClientCluster cluster, TimeProvider time, IOptions<ClientMessagingOptions> messaging, ILogger<ClientNode> log)
        : base(
            cluster.NewClientAddress(),
            GrainId.Create(SystemNames.Client, Guid.NewGuid().ToString("N")),
            cluster.Link, time, messaging.Value.ResponseTimeout, services.GetService<EngineThreads>())
    {
        _cluster = cluster;
        Factory = new GrainFactory(this, GrainManifest.Current, services);
        Observers.Log = log;
        OutgoingFilters = [.. services.GetServices<IOutgoingGrainCallFilter>()];
    }

    public GrainFactory Factory { get; }

    public async Task Connect(CancellationToken cancellationToken)
    {
        await _cluster.Connect(this, cancellationToken);
        _cluster.Listen(this);
    }

    public async Task Disconnect()
    {
        _cluster.Unlisten(this);
        await _cluster.Disconnect(this);
        Calls.Dispose();
    }

    public override void Send(Message message)
    {
        if (message.TargetGrain.Type == SystemNames.Client && ObserverTable.ClientOf(message.TargetGrain) == ClientId)
        {
            ReceiveRequest(message);
            return;
        }

        var gateways = _cluster.Gateways;
        if (gateways.Length == 0)
        {
            Respond(message, null, new SiloUnavailableException("No gateway is available."));
            return;
        }

        message.Target = gateways[message.TargetGrain.GetUniformHashCode() % (uint)gateways.Length];
        Link.Send(message);
    }

    public void StatusChanged(SiloAddress silo, SiloStatus status)
    {
        if (status == SiloStatus.Dead)
        {
            Calls.SiloDied(silo);
        }
    }

    protected override void ReceiveRequest(Message message) => Observers.Receive(message);

    protected override void ReceiveCancel(Message message) => Observers.Cancel(message);
}
