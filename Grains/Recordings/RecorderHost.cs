using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.Frames.Links;
using Tributary.Grains.KLive;
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

    [LoggerMessage(LogLevel.Warning, "Stream {Stream} could not be followed for recording: {Why}")]
    partial void LogNotBegun(string stream, string why);
}
