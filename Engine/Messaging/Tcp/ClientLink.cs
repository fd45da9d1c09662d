using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>A client's side of the network: one connection to each gateway, kept open, and opened again when it was lost.</summary>
sealed class ClientLink(ClusterIdentity cluster, ConnectionOptions options, MessagingOptions messaging, Surroundings around, ILogger log)
    : TcpLink(cluster, options, messaging, around, log)
{
    const int MostGateways = 4;
    readonly ConcurrentDictionary<SiloAddress, bool> _leaving = new();
    SiloAddress[] _open = [];

    /// <summary>The gateways that new calls may go to.</summary>
    public SiloAddress[] Open => Volatile.Read(ref _open);

    /// <summary>The gateways to send to have changed.</summary>
    public Action Changed { get; set; } = static () => { };

    /// <summary>Opens what is missing; the tasks are over when each is open or has failed.</summary>
    public Task[] Connect(IReadOnlyDictionary<SiloAddress, IPEndPoint> gateways, CancellationToken cancellationToken) =>
        [.. gateways.Where(g => TryPeer(g.Key) is null && !HasFailedLately(g.Key)).Select(g => PeerFor(g.Key, g.Value, ConnectionPurpose.Client).Open(cancellationToken))];

    public override void PeerOpened(TcpPeer peer)
    {
        base.PeerOpened(peer);
        Recount();
    }

    public override void PeerLost(TcpPeer peer, string reason, IReadOnlyList<byte[]> unsent)
    {
        base.PeerLost(peer, reason, unsent);
        _leaving.TryRemove(peer.Silo, out _);
        Recount();
    }

    public override void Received(TcpPeer peer, FrameType type, ReadOnlySequence<byte> payload)
    {
        switch (type)
        {
            case FrameType.Leaving:
                _leaving[peer.Silo] = true;
                Recount();
                break;
            case FrameType.TableChanged:
                Changed();
                break;
            default:
                base.Received(peer, type, payload);
                break;
        }
    }

    /// <summary>Lets gateways go that leave: they wait for that.</summary>
    public void LetGo()
    {
        foreach (var silo in _leaving.Keys)
        {
            TryPeer(silo)?.SayLast();
        }
    }

    protected override bool TryRoute(SiloAddress target, SiloAddress? gateway, byte[] frame, MessageKind kind, WireHeader? passed) =>
        TryPeer(target)?.TrySend(frame, kind, passed) == true;

    // The gateway has gone since it was chosen: another will do.
    protected override void Undelivered(Message message)
    {
        if (Open.FirstOrDefault(o => !o.Equals(message.Target)) is { } other && ++message.ForwardCount <= MostGateways)
        {
            message.Target = other;
            Send(message);
            return;
        }

        base.Undelivered(message);
    }

    // While no other gateway is open one that leaves is used as long as it listens.
    void Recount()
    {
        var open = Peers.Where(p => p.IsOpen).Select(p => p.Silo).Order().ToArray();
        var staying = open.Where(silo => !_leaving.ContainsKey(silo)).ToArray();
        Volatile.Write(ref _open, staying.Length > 0 ? staying : open);
        if (staying.Length > 0)
        {
            LetGo();
        }

        Changed();
    }
}
