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

    public override void PeerLost(TcpPeer peer, string reason, IReadOnlyList<WireHeader> passed)
    {
        base.PeerLost(peer, reason, passed);
        _leaving.TryRemove(peer.Silo, out _);
        Recount();
    }

    public override void Received(TcpPeer peer, FrameType type, ReadOnlySequence<byte> payload)
    {
        if (type == FrameType.Leaving)
        {
            _leaving[peer.Silo] = true;
            Recount();
            return;
        }

        base.Received(peer, type, payload);
    }

    protected override bool TryRoute(SiloAddress target, SiloAddress? gateway, byte[] frame, WireHeader? passed) => TryPeer(target)?.TrySend(frame, passed) == true;

    void Recount()
    {
        Volatile.Write(ref _open, [.. Peers.Where(p => p.IsOpen && !_leaving.ContainsKey(p.Silo)).Select(p => p.Silo).Order()]);
        Changed();
    }
}
