using Microsoft.Extensions.Logging;
using Orleans.Utilities;

namespace Tributary.Grains.LiveStreams;

/// <summary>The gateways that watch a stream; those that do not renew are forgotten.</summary>
sealed class GatewayWatch(TimeProvider time, ILogger log)
{
    readonly ObserverManager<string, ILiveStreamObserver> _observers =
        new(GatewayRegistration.Lifetime, log) { GetDateTime = () => time.GetUtcNow().UtcDateTime };

    readonly Dictionary<string, int> _viewers = [];

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
}
