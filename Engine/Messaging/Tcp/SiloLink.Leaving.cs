using System.Collections.Concurrent;

namespace Orleans.Runtime;

// A silo leaves, this one or another: it is asked nothing more, and everything that was asked is answered first.
sealed partial class SiloLink
{
    // Silos that sent their last request over a connection for messages, or closed it, since this one leaves.
    readonly ConcurrentDictionary<SiloAddress, bool> _saidLast = new();
    // Silos that said that they leave: they take no requests any more.
    readonly ConcurrentDictionary<SiloAddress, bool> _left = new();
    volatile bool _leaves;

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
}
