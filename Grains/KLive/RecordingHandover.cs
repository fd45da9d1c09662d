using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Recordings;

namespace Tributary.Grains.KLive;

/// <summary>
/// Gives the platform what this node recorded of entries: each volume that is complete becomes an MP4 and is appended, in order, and until the platform has
/// taken it nothing is forgotten, whatever <c>Recording:Retention</c> is: what is on the disk is the queue, as long as <c>Recording:MaxBytes</c> lets it grow. The name of a piece is the same with
/// each try, so that the platform takes it once.
/// </summary>
/// <remarks>
/// 1. A volume is complete, or was when this node started. 2. Is its stream an entry that is recorded? 3. The file, 4. liveStream.appendRecording, 5. a mark
/// beside the volume, and the file goes; when all of a recording that is over are marked, the journal goes: the platform has the recording.
/// </remarks>
public sealed partial class RecordingHandover(
    IPlatformClient platform, JournalFolders folders, HandoverMarks marks, RecordingEvents events, IGrainFactory grains, IOptions<KLiveOptions> options,
    KLiveMetrics metrics, TimeProvider time, ILogger<RecordingHandover> log) : BackgroundService
{
    readonly Channel<Volume> _ended = Channel.CreateUnbounded<Volume>(new UnboundedChannelOptions { SingleReader = true });
    readonly Dictionary<string, Queue<Volume>> _waiting = new(StringComparer.Ordinal);

    sealed record Volume(string Entry, string Journal, string Name);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.Waiting = () => Volatile.Read(ref _count);
        events.VolumeEnded += Take;
        try
        {
            await Task.Yield();
            Find();
            Tidy();
            await Sweep(stoppingToken);
            while (true)
            {
                await HandOver(stoppingToken);
                await Next(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was not taken is found at the next start.
        }
        finally
        {
            events.VolumeEnded -= Take;
        }
    }

    int _count;

    async Task Next(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var retry = Task.Delay(_waiting.Count == 0 ? Timeout.InfiniteTimeSpan : options.Value.RetryAfter, time, patience.Token);
        await Task.WhenAny(_ended.Reader.WaitToReadAsync(patience.Token).AsTask(), retry);
        await patience.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
    }

    async Task HandOver(CancellationToken cancellation)
    {
        while (_ended.Reader.TryRead(out var volume))
        {
            var queue = _waiting.TryGetValue(volume.Entry, out var known) ? known : _waiting[volume.Entry] = new Queue<Volume>();
            if (!queue.Contains(volume))
            {
                queue.Enqueue(volume);
            }
        }

        Count();
        foreach (var (entry, queue) in _waiting.ToArray())
        {
            while (queue.TryPeek(out var volume) && await TryHandOver(volume, cancellation))
            {
                queue.Dequeue();
                Count();
            }

            if (queue.Count == 0)
            {
                _waiting.Remove(entry);
            }
        }
    }

    void Count() => Volatile.Write(ref _count, _waiting.Values.Sum(queue => queue.Count));

    // True: it is done with, for good or ill.
    async Task<bool> TryHandOver(Volume volume, CancellationToken cancellation)
    {
        try
        {
            if (!marks.Has(volume.Journal, volume.Name) && File.Exists(folders.Recordings.IndexPath(volume.Journal, volume.Name)))
            {
                await Append(volume, cancellation);
            }

            return true;
        }
        catch (PlatformException refusal)
        {
            metrics.Piece("refused");
            LogRefused(volume.Entry, volume.Name, refusal.Message);
            marks.Put(volume.Journal, volume.Name, HandoverMarks.Kept);
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellation.IsCancellationRequested)   // of disks, databases, silos
        {
            metrics.CallFailed("appendRecording");
            LogFailed(volume.Entry, exception.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Entry {Entry}: the platform does not take piece {Volume} of its recording, which stays on this node: {Why}")]
    partial void LogRefused(string entry, string volume, string why);

    [LoggerMessage(LogLevel.Warning, "Recording of entry {Entry} is not with the platform yet: {Why}; it is tried again")]
    partial void LogFailed(string entry, string why);
}
