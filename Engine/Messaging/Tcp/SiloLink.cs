using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>A silo's side of the network: its doors for silos and for clients, its ways to the other silos, and to clients by whichever gateway has them.</summary>
sealed class SiloLink(ClusterIdentity cluster, ConnectionOptions options, MessagingOptions messaging, Surroundings around, ILogger log)
    : TcpLink(cluster, options, messaging, around, log), IDisposable
{
    readonly ConcurrentDictionary<SiloAddress, (IConnection Connection, string Id)> _clients = new();
    // Clients of other gateways: by id, and by address with the gateway.
    readonly ConcurrentDictionary<string, SiloAddress> _clientAddresses = new();
    readonly ConcurrentDictionary<SiloAddress, SiloAddress> _clientGateways = new();
    IDisposable? _siloDoor;
    IDisposable? _gatewayDoor;

    /// <summary>True for a silo that is known to be dead: nothing is sent there, and nothing from there is heard.</summary>
    public Func<SiloAddress, bool> IsDead { get; set; } = static _ => false;

    /// <summary>A heartbeat connection was opened by another silo.</summary>
    public Func<SiloAddress, IConnection, Task> ControlOpened { get; set; } = static (_, _) => Task.CompletedTask;

    /// <summary>The clients of this gateway are others than before.</summary>
    public Action ClientsChanged { get; set; } = static () => { };

    public bool AcceptsClients { get; set; }

    public Dictionary<string, string> Clients => _clients.ToDictionary(c => c.Value.Id, c => c.Key.ToParsableString());

    public void Listen(IPEndPoint silos, IPEndPoint? gateway)
    {
        _siloDoor = Around.Transport.Listen(new Door(Cluster, Node.Address, silos, Options.OpenConnectionTimeout, RefuseSilo, AcceptSilo), Log);
        if (gateway is not null)
        {
            _gatewayDoor = Around.Transport.Listen(new Door(
                Cluster, Node.Address, gateway, Options.OpenConnectionTimeout,
                hello => hello.Purpose != ConnectionPurpose.Client ? "this is a gateway" : AcceptsClients ? null : "the gateway is closed", AcceptClient), Log);
        }
    }

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

    /// <summary>Clients send new calls elsewhere from now on.</summary>
    public void CloseGateway()
    {
        AcceptsClients = false;
        foreach (var (connection, _) in _clients.Values)
        {
            connection.TrySend(Frames.Of(FrameType.Leaving, ""));
        }
    }

    public void Dispose() => Close("the silo ends");

    public override void Close(string reason)
    {
        _siloDoor?.Dispose();
        _gatewayDoor?.Dispose();
        base.Close(reason);
        foreach (var (connection, _) in _clients.Values)
        {
            connection.Finish();
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

    protected override bool TryRoute(SiloAddress target, SiloAddress? gateway, byte[] frame, WireHeader? passed)
    {
        if (!target.IsClient)
        {
            return TrySendToSilo(target, frame, passed);
        }

        if (_clients.TryGetValue(target, out var client))
        {
            return client.Connection.TrySend(frame);
        }

        // Not through a gateway that sent it here: it does not have the client any more.
        var way = gateway is not null && !gateway.Equals(Node.Address) ? gateway : _clientGateways.GetValueOrDefault(target);
        return way is not null && !way.Equals(Node.Address) && (passed is null || !way.Equals(passed.Sender)) && TrySendToSilo(way, frame, passed);
    }

    bool TrySendToSilo(SiloAddress silo, byte[] frame, WireHeader? passed) =>
        !IsDead(silo) && !HasFailedLately(silo) && PeerFor(silo, silo.Endpoint, ConnectionPurpose.Messages).TrySend(frame, passed);

    string? RefuseSilo(Hello hello) => hello.Purpose == ConnectionPurpose.Client ? "this is not a gateway"
        : IsDead(SiloAddress.Parse(hello.From)) ? $"{hello.From} was declared dead" : null;

    async Task AcceptSilo(Hello hello, IConnection connection)
    {
        var silo = SiloAddress.Parse(hello.From);
        if (hello.Purpose == ConnectionPurpose.Control)
        {
            await ControlOpened(silo, connection);
            return;
        }

        await connection.Run(LongestFrame, (type, payload) =>
        {
            if (type == FrameType.Message && !IsDead(silo))
            {
                ReceiveMessage(payload, null);
            }
        });
    }

    async Task AcceptClient(Hello hello, IConnection connection)
    {
        var address = SiloAddress.Parse(hello.From);
        _clients[address] = (connection, hello.Client);
        _clientAddresses[hello.Client] = address;
        ClientsChanged();
        try
        {
            await connection.Run(LongestFrame, (type, payload) =>
            {
                if (type == FrameType.Message)
                {
                    ReceiveMessage(payload, address);
                }
            });
        }
        finally
        {
            _clients.TryRemove(KeyValuePair.Create(address, (connection, hello.Client)));
            ClientsChanged();
            if (!_clients.ContainsKey(address) && !_clientGateways.ContainsKey(address))
            {
                _clientAddresses.TryRemove(hello.Client, out _);
                Node.Calls.SiloDied(address);
            }
        }
    }
}
