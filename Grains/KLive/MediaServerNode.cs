using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.KLive;

/// <summary>
/// This node as a media server of the platform: made known at the first start, reported every minute from then on. One that an administrator disabled
/// stays so.
/// </summary>
public sealed partial class MediaServerNode(
    IPlatformClient platform, NodeIdentity node, IOptions<KLiveOptions> options, KLiveMetrics metrics, TimeProvider time, ILogger<MediaServerNode> log) : BackgroundService
{
    public string HostName { get; } = options.Value.HostName.Length > 0 ? options.Value.HostName : node.Name;

    /// <summary>Does something for which the platform has to know this node, and again where it turns out that it does not yet.</summary>
    public async Task<T> WhileKnown<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (PlatformException exception) when (exception.Code == "MEDIA_SERVER_NOT_FOUND")
        {
            await Report();
            return await call();
        }
    }

    public async Task Report()
    {
        try
        {
            await platform.Call("servernode", "reportStatus", 0, new RawMap { ["hostName"] = HostName });
        }
        catch (PlatformException exception) when (exception.Code == "SERVER_NODE_NOT_FOUND")
        {
            await Introduce();
        }
    }

    async Task Introduce()
    {
        var made = await platform.Call("servernode", "add", 0, new RawMap { ["serverNode"] = Description() });
        await platform.Call("servernode", "enable", 0, new RawMap { ["serverNodeId"] = made.Text("id") });
        LogKnown(HostName);
        await platform.Call("servernode", "reportStatus", 0, new RawMap { ["hostName"] = HostName });
    }

    // With where players reach it, as far as the platform's manifests do not lead to this cluster by themselves.
    RawMap Description()
    {
        var description = new RawMap { ["objectType"] = "KalturaLiveClusterMediaServerNode", ["name"] = HostName, ["hostName"] = HostName };
        if (options.Value.Platform is { Url.Length: > 0, PlaybackUrl: { Length: > 0 } players })
        {
            var address = new Uri(players);
            description["mediaServerPlaybackDomainConfig"] = new List<object?>
            {
                new RawMap { ["objectType"] = "KalturaKeyValue", ["key"] = address.Scheme, ["value"] = address.Authority },
            };
        }

        return description;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Report().WaitAsync(options.Value.AnswerTimeout, time, stoppingToken);
                failing = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)   // whatever the platform is lacking: it is tried again
            {
                metrics.CallFailed("reportStatus");
                if (!failing)
                {
                    LogUnreported(HostName, exception.Message);
                }

                failing = true;
            }

            await Task.Delay(failing ? options.Value.RetryAfter : options.Value.ReportEvery, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(LogLevel.Information, "This node is known to the platform as media server '{Host}'")]
    partial void LogKnown(string host);

    [LoggerMessage(LogLevel.Warning, "The platform is not told that media server '{Host}' lives: {Why}; it is tried again")]
    partial void LogUnreported(string host, string why);
}
