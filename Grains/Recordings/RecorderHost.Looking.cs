using Microsoft.Extensions.Logging;
using Tributary.Grains.LiveStreams;

namespace Tributary.Grains.Recordings;

// Every second each recorder says how far it is, and takes in the renditions that have come.
public sealed partial class RecorderHost
{
    async Task Look(Recorder recorder)
    {
        var report = recorder.Report;
        if (recorder.IsOver)
        {
            if (_recorders.TryRemove(new KeyValuePair<string, Recorder>(recorder.Stream, recorder)))
            {
                await Tell(recorder, recorder.Report);
                await Release(recorder);
            }

            return;
        }

        loop.Wake(recorder);
        await Tell(recorder, report);
        foreach (var feed in recorder.Feeds)
        {
            var isDue = time.GetElapsedTime(feed.RegisteredAt) >= GatewayRegistration.Renewal || feed.Directive is null or { State: not StreamState.Live };
            if (isDue && feed.Subscription is not null)
            {
                await Ask(() => Register(feed), feed.Stream);
            }
        }

        await FollowRenditions(recorder);
    }

    // A rendition is a stream of its own; what it has since the recording began is still in the ring of its source's host.
    async Task FollowRenditions(Recorder recorder)
    {
        foreach (var rendition in recorder.Feeds[0].Directive?.Renditions ?? [])
        {
            var stream = RenditionName.StreamOf(recorder.Stream, rendition);
            var feed = recorder.Feeds.FirstOrDefault(known => known.Stream == stream) ?? recorder.Add(stream);
            if (feed.Subscription is null)
            {
                await Ask(() => Begin(recorder, feed), stream);
            }
        }
    }

    async Task Tell(Recorder recorder, RecorderReport report) => await Ask(
        async () =>
        {
            var order = await grains.GetGrain<IRecordingGrain>(recorder.Stream).Report(report).WaitAsync(Patience, time);
            recorder.Heard(report.Volumes);
            if (order == RecorderOrder.Stop)
            {
                recorder.End();
            }
        },
        recorder.Stream);

    async Task Ask(Func<Task> question, string stream)
    {
        try
        {
            await question();
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUnanswered(stream, exception.Message);   // pictures are written meanwhile; it is asked again in a second
        }
    }

    [LoggerMessage(LogLevel.Warning, "Recorder of stream {Stream}: its grains do not answer: {Why}")]
    partial void LogUnanswered(string stream, string why);
}
