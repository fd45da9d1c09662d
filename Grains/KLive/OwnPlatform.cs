using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.KLive;

/// <summary>The platform of this cluster, without a network: as partner -5.</summary>
public sealed class OwnPlatform(Lazy<PlatformApi> api, ContentStore content) : IPlatformClient
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

    public bool SendsEncodersAway => true;

    public string Outbox => content.Handover;

    public Task<RawMap> Give(int partner, string path, CancellationToken cancellation) => Task.FromResult(NamedFile(path));

    internal static RawMap NamedFile(string path) => new() { ["objectType"] = "KalturaServerFileResource", ["localFilePath"] = path };

    public void Forget(string path) => File.Delete(path);   // where the platform had it already
}
