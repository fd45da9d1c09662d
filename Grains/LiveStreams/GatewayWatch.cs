using Microsoft.Extensions.Logging;
using Orleans.Utilities;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.LiveStreams;

/// <summary>The gateways that watch a stream; those that do not renew are forgotten.</summary>
/// <param name="stateOf">What the cluster holds of a gateway's node. That its connection is unknown is no proof: it may be on its way to another silo.</param>
sealed class GatewayWatch(Func<string, Task<NodeState>> stateOf, TimeProvider time, ILogger log)
{
    readonly ObserverManager<string, ILiveStreamObserver> _observers =
        new(GatewayRegistration.Lifetime, log) { GetDateTime = ElapsedAsDate(time) };

    readonly Dictionary<string, int> _viewers = [];

    // A wall clock that jumps must not expire gateways that renew in time.
    static Func<DateTime> ElapsedAsDate(TimeProvider time)
    {
        var began = time.GetTimestamp();
        return () => DateTime.UnixEpoch + time.GetElapsedTime(began);
    }

    public string[] Names => [.. _observers.Observers.Keys];

    public int Viewers => _viewers.Values.Sum();

    public void Register(GatewayRegistration registration, ILiveStreamObserver observer)
    {
        _observers.Subscribe(registration.Gateway, observer);
        _viewers[registration.Gateway] = registration.Viewers;
    }

    public void Forget(string gateway)
    {
        _observers.Unsubscribe(gateway);
        _viewers.Remove(gateway);
    }

    public void Expire()
    {
        _observers.ClearExpired();
        foreach (var gone in _viewers.Keys.Except(_observers.Observers.Keys).ToArray())
        {
            _viewers.Remove(gone);
        }
    }

    public Task Tell(StreamDirective directive) => _observers.Notify(observer => observer.Directed(directive));

    /// <summary>
    /// Asks every gateway how far it has listed the source of <paramref name="epoch"/>, and to list no more of it. <c>Complete</c> is false where one did not
    /// answer in time that has not said good-bye. One that is held for dead is asked no more: it has to register anew before it hears of another source.
    /// But it may just be frozen or cut off, and find what the former source sent.
    /// </summary>
    public async Task<(IReadOnlyList<WindowEdge> Edges, bool Complete)> Settle(long epoch, TimeSpan within)
    {
        var answers = await Task.WhenAll(_observers.Observers.ToArray().Select(pair => Ask(pair.Key, pair.Value, epoch, within)));
        return ([.. answers.Select(answer => answer.Edge).OfType<WindowEdge>()], answers.All(answer => answer.Heard));
    }

    async Task<(WindowEdge? Edge, bool Heard)> Ask(string gateway, ILiveStreamObserver observer, long epoch, TimeSpan within)
    {
        try
        {
            return (await observer.Settle(epoch).WaitAsync(within, time), true);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            var node = await StateOf(gateway, within);
            if (node is NodeState.Dead or NodeState.Left)
            {
                Forget(gateway);
            }

            return (null, node == NodeState.Left || !GatewayRegistration.IsOfPlayers(gateway));
        }
    }

    async Task<NodeState?> StateOf(string gateway, TimeSpan within)
    {
        try
        {
            return await stateOf(gateway).WaitAsync(within, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            return null;
        }
    }
}
