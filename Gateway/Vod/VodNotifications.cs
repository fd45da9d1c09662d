using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sets;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Tells upstreams of the notifications whose time lies within a segment that was asked for (<c>notification_uri</c>). Viewers do not wait for it: one loop
/// sends, and what does not fit its queue is dropped and counted.
/// </summary>
public sealed class VodNotifications(UpstreamClient upstreams, VodMetrics metrics) : BackgroundService
{
    readonly Channel<UpstreamAddress> _queue = Channel.CreateBounded<UpstreamAddress>(new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    internal void Passing(VodLocation location, MediaSetDescription set, SetTimeline? timeline, VodRequest request, VodVariables variables)
    {
        if (request.SegmentIndex is not { } segment || set.Notifications.Count == 0 && !set.Sequences.Any(sequence => sequence.Clips.Any(clip => clip is ConcatClip { Notifications.Count: > 0 })))
        {
            return;
        }

        // 1. Those of the set count from its beginning; a set of one file of unknown length is cut by the schedule alone.
        timeline ??= SetTimeline.Create(set, location.Options.Segmentation, [long.MaxValue >> 16]);
        foreach (var range in timeline.RangesOf(segment))
        {
            var start = timeline.Times[range.Clip] - timeline.Times[0];
            var to = Math.Min(range.To, timeline.Durations[range.Clip]);
            Send(location, set.Notifications, start + range.From, start + to, variables);

            // 2. Those of a concat count from its own.
            foreach (var sequence in set.Sequences)
            {
                if (sequence.Clips[range.Clip] is ConcatClip concat)
                {
                    Send(location, concat.Notifications, range.From + concat.Offset, to + concat.Offset, variables);
                }
            }
        }
    }

    void Send(VodLocation location, IReadOnlyList<NotificationDescription> notifications, long from, long to, VodVariables variables)
    {
        foreach (var notification in notifications)
        {
            if (notification.Offset < from || notification.Offset >= to)
            {
                continue;
            }

            var path = location.NotificationUri!.Evaluate(variables with { NotificationId = notification.Id });
            if (MediaSetResolver.Named(location, path, out var below) is { } upstream && UpstreamClient.Address(upstream, below, "") is { } uri)
            {
                _queue.Writer.TryWrite(uri);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var uri in _queue.Reader.ReadAllAsync(stoppingToken))
        {
            await upstreams.GetAsync(uri, 64 * 1024, 16 * 1024, stoppingToken);   // what it answers does not matter
            metrics.Notified();
        }
    }
}
