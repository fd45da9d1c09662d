using Microsoft.Extensions.Logging;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;

namespace Tributary.Grains.Recordings;

// A recorder is begun with what it subscribes to, and let go.
public sealed partial class RecorderHost
{
    async Task Follow(RecordingAssignment assignment)
    {
        if (_recorders.TryGetValue(assignment.Stream, out var recorder) && !recorder.IsOver)
        {
            if (recorder.Assignment.Epoch >= assignment.Epoch)
            {
                return;
            }

            if (assignment.IsWanted)
            {
                recorder.Change(assignment);
            }
            else
            {
                recorder.End();
            }

            return;
        }

        if (!assignment.IsWanted || drain.IsDraining)
        {
            return;
        }

        if (_recorders.Count >= options.Value.MaxRecorders)
        {
            metrics.Refused();
            LogTooMany(assignment.Stream, options.Value.MaxRecorders);
            return;
        }

        if (recorder is not null)
        {
            await Release(recorder);
        }

        await Begin(new Recorder(assignment, _context));
    }

    async Task Begin(Recorder recorder)
    {
        _recorders[recorder.Stream] = recorder;
        try
        {
            await Begin(recorder, recorder.Feeds[0]);
            LogBegun(recorder.Stream, recorder.Assignment.Entry, recorder.Assignment.FromMsn);
        }
        catch (Exception)
        {
            recorder.End();
            _recorders.TryRemove(recorder.Stream, out _);
            await Release(recorder);
            throw;
        }
    }

    async Task Begin(Recorder recorder, RecorderFeed feed)
    {
        feed.Reference ??= grains.CreateObjectReference<ILiveStreamObserver>(feed);
        await Register(feed);
        feed.Subscription = await frames.GetStream<FrameBatch>(FrameStreamHosting.FramesOf(feed.Stream))
            .SubscribeAsync(feed, new FrameSequenceToken(Math.Max(0, recorder.Assignment.FromMsn)));
    }

    async Task Register(RecorderFeed feed)
    {
        var registration = new GatewayRegistration { Gateway = Registration };
        var directive = await grains.GetGrain<ILiveStreamGrain>(feed.Stream).Watch(registration, feed.Reference!).WaitAsync(Patience, time);
        feed.RegisteredAt = time.GetTimestamp();
        await feed.Directed(directive);
    }

    async Task Release(Recorder recorder)
    {
        foreach (var feed in recorder.Feeds)
        {
            await Release(feed);
        }

        recorder.Dispose();
    }

    async Task Release(RecorderFeed feed)
    {
        try
        {
            if (feed.Subscription is { } subscription)
            {
                await subscription.UnsubscribeAsync();
            }

            if (feed.Reference is { } reference)
            {
                await grains.GetGrain<ILiveStreamGrain>(feed.Stream).Unwatch(Registration).WaitAsync(Patience, time);
                grains.DeleteObjectReference<ILiveStreamObserver>(reference);
            }
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUnanswered(feed.Stream, exception.Message);   // the registration lapses by itself
        }

        feeds.Stop(feed.Stream);
    }

    [LoggerMessage(LogLevel.Information, "Stream {Stream} is kept here, entry '{Entry}', from segment {Msn}")]
    partial void LogBegun(string stream, string entry, long msn);

    [LoggerMessage(LogLevel.Warning, "Stream {Stream} is not recorded: this node keeps {Most} streams already (Recording:MaxRecorders)")]
    partial void LogTooMany(string stream, int most);
}
