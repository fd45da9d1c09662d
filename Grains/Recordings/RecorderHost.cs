using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.Frames.Links;
using Tributary.Grains.KLive;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.Recordings;

/// <summary>
/// The recorders of a node with the role silo: 1. at the start what a crash left open is repaired, and its grains are told, 2. recorders are begun and ended
/// as the grains of recordings decide, 3. every second each says how far it is, 4. what is too old or too much is deleted.
/// </summary>
public sealed partial class RecorderHost(
    IGrainFactory grains,
    [FromKeyedServices(FrameStreamProvider.ProviderName)] IStreamProvider frames,
    FrameFeeds feeds, NodeIdentity node, NodeDrain drain, JournalFolders folders, RecorderLoop loop, IOptions<RecordingOptions> options, IOptions<DvrOptions> dvr,
    SyncPointRule syncPoints, RecordingMetrics metrics, RecordingEvents events, TimeProvider time, ILogger<RecorderHost> log) : BackgroundService, IDrainedWork
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(2), Farewell = TimeSpan.FromSeconds(5);

    readonly ConcurrentDictionary<string, Recorder> _recorders = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, RecordingAssignment> _late = new(StringComparer.Ordinal);
    readonly SemaphoreSlim _gate = new(1);
    readonly RecorderContext _context = new(node.Name, folders, options.Value, dvr.Value, syncPoints, feeds, loop, metrics, events, time, log);
    readonly JournalSweep _sweep = new(folders, options.Value, dvr.Value, grains, events, metrics, time, log);
    bool _repaired;

    string Registration => node.Name + "/recorder";

    /// <summary>Streams whose journals cannot be written, with the reason.</summary>
    public IReadOnlyList<(string Stream, string Why)> Troubles =>
        [.. _recorders.Values.Select(recorder => (recorder.Stream, recorder.Report.Trouble)).Where(trouble => trouble.Trouble.Length > 0)];

    /// <summary>How far the recorder of a stream is on this node; null where none is here.</summary>
    public RecorderReport? Report(string stream) => _recorders.TryGetValue(stream, out var recorder) ? recorder.Report : null;

    /// <summary>Does what the recording's grain decided. An older decision than the one that is followed changes nothing.</summary>
    public async Task Assign(RecordingAssignment assignment)
    {
        await _gate.WaitAsync();
        try
        {
            if (!_repaired)
            {
                _late[assignment.Stream] = assignment;   // repairs come first: a volume has one writer
                return;
            }

            await Follow(assignment);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or IOException)
        {
            LogNotBegun(assignment.Stream, exception.Message);   // the grain says it again while nobody reports
        }
        finally
        {
            _gate.Release();
        }
    }

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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.Active = () => _recorders.Count;
        metrics.Stopped = () => Troubles.Count;
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // the host does not wait for repairs
        var repaired = _sweep.Repair(node.Name);
        await BeginLate();
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                repaired = await _sweep.Tell(repaired);
                await Task.WhenAll(_recorders.Values.Select(Look));
                await _sweep.Run([.. _recorders.Values.Select(recorder => recorder.Assignment)]);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }

        await End();
    }

    async Task BeginLate()
    {
        await _gate.WaitAsync();
        _repaired = true;
        _gate.Release();
        foreach (var (_, assignment) in _late)
        {
            await Assign(assignment);
        }
    }

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

    /// <summary>The grains of recordings see that this node drains, and move what it records.</summary>
    public Task<WorkLeft> HandOver(CancellationToken cancellation)
    {
        var others = _recorders.IsEmpty ? [] : _recorders.Keys;
        return Task.FromResult(new WorkLeft(0, others.Count));
    }

    public async Task End()
    {
        foreach (var recorder in _recorders.Values)
        {
            recorder.End();
        }

        var since = time.GetTimestamp();
        while (_recorders.Values.Any(recorder => !recorder.IsOver) && time.GetElapsedTime(since) < Farewell)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), time);
        }

        await Task.WhenAll(_recorders.Values.Select(Look));
    }

    [LoggerMessage(LogLevel.Information, "Stream {Stream} is kept here, entry '{Entry}', from segment {Msn}")]
    partial void LogBegun(string stream, string entry, long msn);

    [LoggerMessage(LogLevel.Warning, "Stream {Stream} could not be followed for recording: {Why}")]
    partial void LogNotBegun(string stream, string why);

    [LoggerMessage(LogLevel.Warning, "Stream {Stream} is not recorded: this node keeps {Most} streams already (Recording:MaxRecorders)")]
    partial void LogTooMany(string stream, int most);

    [LoggerMessage(LogLevel.Warning, "Recorder of stream {Stream}: its grains do not answer: {Why}")]
    partial void LogUnanswered(string stream, string why);
}
