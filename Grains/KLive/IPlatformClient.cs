using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.KLive;

/// <summary>
/// The platform as a media server calls it: in this process, or another cluster's over HTTP. Throws <see cref="PlatformException"/> for what the platform
/// refuses, and anything else where it does not answer.
/// </summary>
public interface IPlatformClient
{
    /// <param name="service">Name of the service, as in its URL.</param>
    /// <param name="action">Name of the action.</param>
    /// <param name="partner">The partner for whom it is called; 0: for nobody in particular.</param>
    /// <param name="parameters">By name, untyped.</param>
    Task<PlatformObject> Call(string service, string action, int partner, RawMap parameters);
}

/// <summary>The platform of this cluster, without a network: as partner -5.</summary>
public sealed class OwnPlatform(Lazy<PlatformApi> api) : IPlatformClient
{
    public async Task<PlatformObject> Call(string service, string action, int partner, RawMap parameters)
    {
        if (partner > 0)
        {
            parameters = new RawMap(parameters) { ["partnerId"] = (long)partner };
        }

        var answer = await api.Value.Call(new ApiRequest(service, action, parameters) { Caller = Caller.MediaServer });
        return answer switch
        {
            PlatformObject value => value,
            System.Collections.IEnumerable list and not string => new PlatformObject("List") { { "objects", list.Cast<object?>().ToList() } },
            _ => new PlatformObject("Nothing"),
        };
    }
}
