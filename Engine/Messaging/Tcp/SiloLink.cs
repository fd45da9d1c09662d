using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>A silo's side of the network: its doors for silos and for clients, its ways to the other silos, and to clients by whichever gateway has them.</summary>
sealed partial class SiloLink(ClusterIdentity cluster, ConnectionOptions options, MessagingOptions messaging, Surroundings around, ILogger log)
    : TcpLink(cluster, options, messaging, around, log), IDisposable
{
    readonly ConcurrentDictionary<SiloAddress, Guest> _clients = new();
    readonly ConcurrentDictionary<IConnection, Guest> _silos = new();
    // The silos that watch this one, by their heartbeats.
    readonly ConcurrentDictionary<IConnection, Watcher> _watchers = new();
    // Clients of other gateways: by id, and by address with the gateway.
    readonly ConcurrentDictionary<string, SiloAddress> _clientAddresses = new();
    readonly ConcurrentDictionary<SiloAddress, SiloAddress> _clientGateways = new();
    readonly ConcurrentDictionary<SiloAddress, HashSet<SiloAddress>> _clientsOf = new();

    /// <summary>True for a silo that is known to be dead: nothing is sent there, and nothing from there is heard.</summary>
    public Func<SiloAddress, bool> IsDead { get; set; } = static _ => false;

    /// <summary>A heartbeat connection was opened by another silo.</summary>
    public Func<Watcher, Task> ControlOpened { get; set; } = static _ => Task.CompletedTask;

    /// <summary>The clients of this gateway are others than before.</summary>
    public Action ClientsChanged { get; set; } = static () => { };

    public bool AcceptsClients { get; set; }

    public Dictionary<string, string> Clients => _clients.ToDictionary(c => c.Value.Client, c => c.Key.ToParsableString());

    public SiloAddress? AddressOfClient(GrainId client)
    {
        var id = client.Key.ToString()!;
        const string Hosted = "hosted-";
        return id.StartsWith(Hosted, StringComparison.Ordinal) ? SiloAddress.TryParse(id[Hosted.Length..], out var silo) && !IsDead(silo) ? silo : null
            : _clientAddresses.TryGetValue(id, out var address) && (_clients.ContainsKey(address) || _clientGateways.ContainsKey(address)) ? address : null;
    }

    /// <summary>What another gateway says of its clients replaces what it said before.</summary>
    public void ClientsOf(SiloAddress gateway, IReadOnlyDictionary<string, string> clients)
    {
        var addresses = clients.ToDictionary(c => c.Key, c => SiloAddress.Parse(c.Value));
        _clientsOf[gateway] = [.. addresses.Values];
        foreach (var (address, known) in _clientGateways)
        {
            if (known.Equals(gateway) && !addresses.ContainsValue(address))
            {
                _clientGateways.TryRemove(KeyValuePair.Create(address, known));
            }
        }

        foreach (var (id, address) in addresses)
        {
            _clientAddresses[id] = address;
            _clientGateways[address] = gateway;
        }
    }

    public void Dispose() => Close("the silo ends");

    public override void Close(string reason)
    {
        _siloDoor?.Dispose();
        _gatewayDoor?.Dispose();
        base.Close(reason);
        foreach (var client in _clients.Values)
        {
            client.Connection.Finish();
        }
    }

    // A call of a client that came by another gateway shows the way back to it.
    protected override void Learn(WireHeader header)
    {
        if (header.Sender.IsClient && header.Gateway is { } gateway && !gateway.Equals(Node.Address))
        {
            _clientGateways[header.Sender] = gateway;
            if (header.SenderGrain.Type == SystemNames.Client)
            {
                _clientAddresses[header.SenderGrain.Key.ToString()!] = header.Sender;
            }
        }
    }

    protected override bool TryRoute(SiloAddress target, SiloAddress? gateway, byte[] frame, MessageKind kind, WireHeader? passed)
    {
        if (!target.IsClient)
        {
            return TrySendToSilo(target, frame, kind, passed);
        }

        // An answer goes back the way that its call came: that gateway counts on it, even where the client is connected here too.
        if (kind == MessageKind.Response && gateway is not null && !gateway.Equals(Node.Address) && TrySendToSilo(gateway, frame, kind, passed))
        {
            return true;
        }

        if (_clients.TryGetValue(target, out var client))
        {
            client.Answered(kind);
            return client.Connection.TrySend(frame);
        }

        // Not through a gateway that sent it here: it does not have the client any more.
        var way = GatewayOf(target);
        return way is not null && !way.Equals(Node.Address) && (passed is null || !way.Equals(passed.Sender)) && TrySendToSilo(way, frame, kind, passed);
    }

    // The silo that the grain was found on has left, or died, since: the grain is, or will be, elsewhere, and nothing was sent yet.
    protected override void Undelivered(Message message)
    {
        if (message.Target is { IsClient: false } silo && (HasLeft(silo) || IsDead(silo)) && message.TargetGrain.Type != SystemNames.Client && Node is Silo node)
        {
            Answered?.Invoke(message.TargetGrain, silo, false);
            node.Forward(message, $"{silo} has left");
            return;
        }

        base.Undelivered(message);
    }

    // The one that a call of the client came by last, or another that has it too.
    SiloAddress? GatewayOf(SiloAddress client) =>
        _clientGateways.TryGetValue(client, out var last) && !IsDead(last) && !HasLeft(last) ? last
            : _clientsOf.FirstOrDefault(g => g.Value.Contains(client) && !IsDead(g.Key) && !HasLeft(g.Key)).Key ?? last;

    bool TrySendToSilo(SiloAddress silo, byte[] frame, MessageKind kind, WireHeader? passed) =>
        !IsDead(silo) && !HasFailedLately(silo) && (kind is MessageKind.Response or MessageKind.Cancel || !HasLeft(silo))
        && PeerFor(silo, silo.Endpoint, ConnectionPurpose.Messages).TrySend(frame, kind, passed);
}
