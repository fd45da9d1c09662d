using System.Net;

namespace Orleans.Runtime;

// Its doors: silos, their heartbeats, and clients come in.
sealed partial class SiloLink
{
    IDisposable? _siloDoor;
    IDisposable? _gatewayDoor;

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
