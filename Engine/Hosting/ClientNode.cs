using System.Net;
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
    readonly LocalCluster _cluster;
    SiloAddress[] _gateways = [];

    public ClientNode(IServiceProvider services, LocalCluster cluster, TimeProvider time, IOptions<ClientMessagingOptions> messaging, ILogger<ClientNode> log)
        : base(
            SiloAddress.New(IPAddress.Loopback, 0, -SiloAddress.AllocateNewGeneration()),
            GrainId.Create(SystemNames.Client, Guid.NewGuid().ToString("N")),
            cluster.Network, time, messaging.Value.ResponseTimeout)
    {
        _cluster = cluster;
        Factory = new GrainFactory(this, GrainManifest.Current, services);
        Observers.Log = log;
        OutgoingFilters = [.. services.GetServices<IOutgoingGrainCallFilter>()];
    }

    public GrainFactory Factory { get; }

    public void Connect()
    {
        _gateways = _cluster.Gateways;
        if (_gateways.Length == 0)
        {
            throw new SiloUnavailableException("Could not find any gateway. The client will not be able to start.");
        }

        _cluster.Network.Attach(this);
        _cluster.AddClient(ClientId, Address);
        _cluster.Listen(this);
    }

    public void Disconnect()
    {
        _cluster.Unlisten(this);
        _cluster.RemoveClient(ClientId);
        _cluster.Network.Detach(Address);
        Calls.Dispose();
    }

    public override void Send(Message message)
    {
        if (message.TargetGrain.Type == SystemNames.Client && ObserverTable.ClientOf(message.TargetGrain) == ClientId)
        {
            ReceiveRequest(message);
            return;
        }

        var gateways = _gateways;
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
        _gateways = _cluster.Gateways;
        if (status == SiloStatus.Dead)
        {
            Calls.SiloDied(silo);
        }
    }

    protected override void ReceiveRequest(Message message) => Observers.Receive(message);

    protected override void ReceiveCancel(Message message) => Observers.Cancel(message);
}
