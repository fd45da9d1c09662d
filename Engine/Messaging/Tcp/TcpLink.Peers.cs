using System.Collections.Concurrent;
using System.Net;

namespace Orleans.Runtime;

// The ways to others: opened when needed, and lost.
abstract partial class TcpLink
{
    readonly ConcurrentDictionary<SiloAddress, TcpPeer> _peers = new();
    readonly ConcurrentDictionary<SiloAddress, long> _failed = new();

    public async Task<IConnection> Dial(SiloAddress silo, IPEndPoint endpoint, ConnectionPurpose purpose)
    {
        using var limit = new CancellationTokenSource(options.OpenConnectionTimeout, around.Time);
        return await around.Transport.Dial(new Dialling(cluster, Node.Address, silo, endpoint, purpose, Node.ClientId.Key.ToString()!), limit.Token);
    }

    public virtual void PeerOpened(TcpPeer peer) => _failed.TryRemove(peer.Silo, out _);

    /// <summary>A peer is gone; <paramref name="unsent"/> are the frames that waited for a connection which never came to be.</summary>
    public virtual void PeerLost(TcpPeer peer, string reason, IReadOnlyList<byte[]> unsent)
    {
        _failed[peer.Silo] = around.Time.GetTimestamp();
        _peers.TryRemove(KeyValuePair.Create(peer.Silo, peer));
        foreach (var frame in unsent.Where(f => Frames.TypeOf(f) == FrameType.Message))
        {
            TakeUnsent(peer, frame);
        }

        Node.Calls.SiloDied(peer.Silo);
        foreach (var request in peer.Passed)
        {
            SendBack(request, new SiloUnavailableException($"The connection to {peer.Silo} was lost: {reason}"));
        }
    }

    // A request of which nothing was sent: another way may do, or the place where its grain is to be by now.
    void TakeUnsent(TcpPeer peer, byte[] frame)
    {
        var reader = new WireReader(frame.AsSpan(Frames.HeaderLength));
        var header = WireCodec.ReadHeader(ref reader);
        if (header.Kind != MessageKind.Request)
        {
            return;
        }

        peer.Answered(header.Sender, header.Id);
        try
        {
            if ((header.Sender.Equals(Node.Address) ? Node.Calls.RequestOf(header.Id) : Codec.Decode(header, reader, null)) is { } message)
            {
                Undelivered(message);
            }
        }
        catch (Exception exception)
        {
            Unreadable(header, exception);
        }
    }

    /// <summary>True for a silo that takes no requests any more.</summary>
    public virtual bool HasLeft(SiloAddress silo) => false;

    /// <summary>Forgets the way to a silo that is dead; calls under way there fail.</summary>
    public void Drop(SiloAddress silo, string reason)
    {
        if (_peers.TryGetValue(silo, out var peer))
        {
            peer.Close(reason);
        }
    }

    public void ExpirePassed()
    {
        foreach (var peer in _peers.Values)
        {
            peer.Expire(messaging.ResponseTimeout * 2);
        }
    }

    public virtual void Close(string reason)
    {
        foreach (var peer in _peers.Values)
        {
            peer.Finish();
        }
    }

    protected IEnumerable<TcpPeer> Peers => _peers.Values;

    protected TcpPeer? TryPeer(SiloAddress silo) => _peers.GetValueOrDefault(silo);

    protected TcpPeer PeerFor(SiloAddress silo, IPEndPoint endpoint, ConnectionPurpose purpose) =>
        _peers.GetOrAdd(silo, static (s, a) => new TcpPeer(a.link, s, a.endpoint, a.purpose), (link: this, endpoint, purpose));

    /// <summary>True when a connection could not be opened just now: it is not tried again at once.</summary>
    protected bool HasFailedLately(SiloAddress silo) =>
        !_peers.ContainsKey(silo) && _failed.TryGetValue(silo, out var at) && around.Time.GetElapsedTime(at) < options.ConnectionRetryDelay;
}
