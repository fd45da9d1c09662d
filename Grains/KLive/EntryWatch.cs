using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.KLive;

/// <summary>
/// Notices soon what a platform does not tell media servers: every few seconds it is asked, once for each partner and page, which of the entries on air here it
/// still lists. One that it does not, or whose partner is blocked, is registered again at once, and the answer says what becomes of its encoder.
/// </summary>
public sealed class EntryWatch(EntryBroadcasts broadcasts, IPlatformClient platform, IOptions<KLiveOptions> options, KLiveMetrics metrics, TimeProvider time) : BackgroundService
{
    const int Page = 300;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (options.Value.WatchEvery > TimeSpan.Zero && !stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(options.Value.WatchEvery, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Look();
        }
    }

    internal async Task Look()
    {
        foreach (var partner in broadcasts.Registered().GroupBy(broadcast => broadcast.Place.Partner))
        {
            // The platform of this cluster sends encoders of entries that are deleted away itself: whether the partner is blocked is all that is asked.
            foreach (var page in platform.SendsEncodersAway ? [[partner.First()]] : partner.Chunk(Page))
            {
                await Look(partner.Key, page, [.. partner]);
            }
        }
    }

    async Task Look(int partner, EntryBroadcast[] asked, EntryBroadcast[] all)
    {
        try
        {
            var listed = await Listed(partner, asked).WaitAsync(options.Value.AnswerTimeout, time);
            Array.ForEach(asked, broadcast => broadcast.Seen(listed.Contains(broadcast.Place.Entry)));
        }
        catch (PlatformException refusal) when (refusal.Code == EntryBroadcast.Blocked)
        {
            Array.ForEach(all, broadcast => broadcast.Seen(listed: false));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)   // whatever the platform lacks: registrations find out too
        {
            metrics.CallFailed("list");
        }
    }

    async Task<HashSet<string>> Listed(int partner, EntryBroadcast[] asked)
    {
        var answer = await platform.Call("livestream", "list", partner, new RawMap
        {
            ["filter"] = new RawMap { ["objectType"] = "KalturaLiveStreamEntryFilter", ["idIn"] = string.Join(',', asked.Select(broadcast => broadcast.Place.Entry).Distinct()) },
            ["pager"] = new RawMap { ["pageSize"] = (long)Page },
            ["responseProfile"] = new RawMap { ["objectType"] = "KalturaDetachedResponseProfile", ["type"] = 1L, ["fields"] = "id" },
        });
        return [.. answer.Objects("objects").Select(entry => entry.Text("id"))];
    }
}
