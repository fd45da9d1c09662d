using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>A silo's side of the network: its doors for silos and for clients, its ways to the other silos, and to clients by whichever gateway has them.</summary>
sealed class SiloLink(ClusterIdentity cluster, ConnectionOptions options, MessagingOptions messaging, Surroundings around, ILogger log)
    : TcpLink(cluster, options, messaging, around, log), IDisposable
{
    readonly ConcurrentDictionary<SiloAddress, Guest> _clients = new();
    readonly ConcurrentDictionary<IConnection, Guest> _silos = new();
    // The silos that watch this one, by their heartbeats.
    readonly ConcurrentDictionary<IConnection, Watcher> _watchers = new();
    // Silos that sent their last request over a connection for messages, or closed it, since this one leaves.
    readonly ConcurrentDictionary<SiloAddress, bool> _saidLast = new();
    // Clients of other gateways: by id, and by address with the gateway.
    readonly ConcurrentDictionary<string, SiloAddress> _clientAddresses = new();
    readonly ConcurrentDictionary<SiloAddress, SiloAddress> _clientGateways = new();
    readonly ConcurrentDictionary<SiloAddress, HashSet<SiloAddress>> _clientsOf = new();
    // Silos that said that they leave: they take no requests any more.
    readonly ConcurrentDictionary<SiloAddress, bool> _left = new();
    volatile bool _leaves;
    IDisposable? _siloDoor;
    IDisposable? _gatewayDoor;

    /// <summary>True for a silo that is known to be dead: nothing is sent there, and nothing from there is heard.</summary>
    public Func<SiloAddress, bool> IsDead { get; set; } = static _ => false;

    /// <summary>A heartbeat connection was opened by another silo.</summary>
    public Func<Watcher, Task> ControlOpened { get; set; } = static _ => Task.CompletedTask;

    /// <summary>The clients of this gateway are others than before.</summary>
    public Action ClientsChanged { get; set; } = static () => { };

    public bool AcceptsClients { get; set; }

    public Dictionary<string, string> Clients => _clients.ToDictionary(c => c.Value.Client, c => c.Key.ToParsableString());

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

    /// <summary>Clients send new calls elsewhere from now on.</summary>
    public void CloseGateway()
    {
        AcceptsClients = false;
        TellClients(FrameType.Leaving);
    }

    public void TellClients(FrameType what)
    {
        foreach (var client in _clients.Values)
        {
            client.Connection.TrySend(Frames.Of(what, ""));
        }
    }

    /// <summary>
    /// Another silo leaves and holds nothing any more: nothing is asked of it from now on, and it is told so. Returns the answer for its heartbeat: the connection
    /// with the last requests may not have reached it yet.
    /// </summary>
    public byte[] OtherLeaves(SiloAddress silo)
    {
        _left[silo] = true;
        return Frames.Of(FrameType.LastRequest, TryPeer(silo)?.SayLast() == true);
    }

    public override bool HasLeft(SiloAddress silo) => _left.ContainsKey(silo);

    /// <summary>
    /// Says that this silo leaves, and waits until nobody sends requests here any more and clients have the answers to theirs. Who does not say so, and answers that
    /// do not come, end it after <paramref name="atMost"/>.
    /// </summary>
    public async Task Drain(TimeSpan atMost, Func<bool> isRouting)
    {
        _saidLast.Clear();
        _leaves = true;
        foreach (var watcher in _watchers.Values)
        {
            watcher.Connection.TrySend(Frames.Of(FrameType.Leaving, ""));
        }

        var began = Around.Time.GetTimestamp();
        while ((isRouting() || _watchers.Values.Any(MayAsk) || _silos.Values.Any(s => !s.SaidLast) || _clients.Values.Any(c => !c.SaidLast || c.Unanswered > 0))
            && Around.Time.GetElapsedTime(began) < atMost)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), Around.Time);
        }
    }

    bool MayAsk(Watcher watcher) => !IsDead(watcher.Silo) && (!watcher.SaidLast || (watcher.LastIsUnderWay && !_saidLast.ContainsKey(watcher.Silo)));

    /// <summary>Closes the connections to clients, and the own ones to silos, once the other ends have read all that was given to them.</summary>
    public async Task Finish(TimeSpan atMost)
    {
        Task[] finishing = [.. _clients.Values.Select(c => c.Finish()), .. Peers.Select(p => p.Finish())];
        await Task.WhenAny(Task.WhenAll(finishing), Task.Delay(atMost, Around.Time));
    }

    public override void PeerOpened(TcpPeer peer)
    {
        base.PeerOpened(peer);
        if (HasLeft(peer.Silo))
        {
            peer.SayLast();
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

    string? RefuseSilo(Hello hello) => hello.Purpose == ConnectionPurpose.Client ? "this is not a gateway"
        : IsDead(SiloAddress.Parse(hello.From)) ? $"{hello.From} was declared dead" : null;

    async Task AcceptSilo(Hello hello, IConnection connection)
    {
        var silo = SiloAddress.Parse(hello.From);
        if (hello.Purpose == ConnectionPurpose.Control)
        {
            await AcceptWatcher(new Watcher(silo, connection));
            return;
        }

        var guest = _silos[connection] = new Guest(connection, "");
        try
        {
            await connection.Run(LongestFrame, (type, payload) =>
            {
                if (type == FrameType.Message && !IsDead(silo))
                {
                    ReceiveMessage(payload, silo: silo);
                }

                if (type == FrameType.LastRequest)
                {
                    guest.SaidLast = _saidLast[silo] = true;
                }
            });
        }
        finally
        {
            _silos.TryRemove(connection, out _);
            _saidLast[silo] = true;
        }
    }

    async Task AcceptWatcher(Watcher watcher)
    {
        _watchers[watcher.Connection] = watcher;
        try
        {
            if (_leaves)
            {
                watcher.Connection.TrySend(Frames.Of(FrameType.Leaving, ""));
            }

            await ControlOpened(watcher);
        }
        finally
        {
            _watchers.TryRemove(watcher.Connection, out _);
        }
    }

    async Task AcceptClient(Hello hello, IConnection connection)
    {
        var address = SiloAddress.Parse(hello.From);
        var guest = _clients[address] = new Guest(connection, hello.Client);
        _clientAddresses[hello.Client] = address;
        ClientsChanged();
        if (!AcceptsClients)
        {
            connection.TrySend(Frames.Of(FrameType.Leaving, ""));
        }

        try
        {
            await connection.Run(LongestFrame, (type, payload) =>
            {
                if (type == FrameType.Message)
                {
                    guest.Asked(ReceiveMessage(payload, client: address));
                }

                guest.SaidLast |= type == FrameType.LastRequest;
            });
        }
        finally
        {
            _clients.TryRemove(KeyValuePair.Create(address, guest));
            ClientsChanged();
            if (!_clients.ContainsKey(address) && !_clientGateways.ContainsKey(address))
            {
                _clientAddresses.TryRemove(hello.Client, out _);
                Node.Calls.SiloDied(address);
            }
        }
    }
}

/// <summary>A silo that sends heartbeats over this connection.</summary>
sealed class Watcher(SiloAddress silo, IConnection connection)
{
    public SiloAddress Silo => silo;

    public IConnection Connection => connection;

    /// <summary>True when it asks nothing of this silo any more.</summary>
    public bool SaidLast { get; private set; }

    /// <summary>True when its last requests come over a connection for messages, which may not be open yet.</summary>
    public bool LastIsUnderWay { get; private set; }

    public void Said(bool lastIsUnderWay) => (LastIsUnderWay, SaidLast) = (lastIsUnderWay, true);
}

/// <summary>The other end of a connection that was accepted.</summary>
sealed class Guest(IConnection connection, string client)
{
    int _unanswered;

    public IConnection Connection => connection;

    /// <summary>The id of a client.</summary>
    public string Client => client;

    /// <summary>True when no request comes any more.</summary>
    public bool SaidLast { get; set; }

    /// <summary>Requests that came from here, less the answers that went back.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>Over when the other end has read everything and closed too.</summary>
    public Task Finish()
    {
        connection.Finish();
        return connection.Closed;
    }

    // An answer can be faster than the count of its request: the sum is what matters.
    public void Asked(MessageKind kind) => Interlocked.Add(ref _unanswered, kind == MessageKind.Request ? 1 : 0);

    public void Answered(MessageKind kind) => Interlocked.Add(ref _unanswered, kind == MessageKind.Response ? -1 : 0);
}
