using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Recordings;
using Tributary.Grains.VodEntries;

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
    const string SourceIndex = "0";

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

    void Take(RecordingEvent happened)
    {
        if (EntryClaim.IsEntryId(happened.Stream))
        {
            _ended.Writer.TryWrite(new Volume(happened.Stream, happened.Entry, Path.GetFileNameWithoutExtension(happened.Path)));
        }
    }

    // 1. Also what an earlier run of this node left.
    void Find()
    {
        foreach (var journal in folders.Recordings.Names())
        {
            foreach (var (volume, _) in folders.Recordings.Volumes(journal))
            {
                if (EntryOf(journal, volume) is { } entry)
                {
                    _ended.Writer.TryWrite(new Volume(entry, journal, volume));
                }
            }
        }
    }

    // Files of volumes that were marked before a crash. The outbox may be other nodes' too: only what is ours.
    void Tidy()
    {
        var done = folders.Recordings.Names().SelectMany(journal => folders.Recordings.Volumes(journal).Where(volume => marks.Has(journal, volume.Volume)).Select(volume => volume.Volume)).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.Exists(platform.Outbox) ? Directory.GetFiles(platform.Outbox, "*.mp4") : [])
        {
            if (Path.GetFileNameWithoutExtension(path).Split('.', 3) is [_, _, var volume] && done.Contains(volume))
            {
                platform.Forget(path);
            }
        }
    }

    // A recording that ended while nobody looked, after a crash: the platform has all of it.
    async Task Sweep(CancellationToken cancellation)
    {
        foreach (var journal in folders.Recordings.Names())
        {
            try
            {
                var volumes = folders.Recordings.Volumes(journal);
                if (volumes.Length > 0 && volumes.All(volume => marks.Has(journal, volume.Volume, HandoverMarks.Appended))
                    && await grains.GetGrain<IVodEntryGrain>(journal).Describe().WaitAsync(options.Value.AnswerTimeout, time, cancellation) is { State: VodEntryState.Ready })
                {
                    await grains.GetGrain<IVodEntryGrain>(journal).Delete().WaitAsync(options.Value.AnswerTimeout, time, cancellation);
                }
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                LogFailed(journal, exception.Message);   // with the next start
            }
        }
    }

    string? EntryOf(string journal, string volume)
    {
        try
        {
            return marks.EntryOf(journal, volume);
        }
        catch (IOException exception)
        {
            LogFailed(journal, exception.Message);
            return null;
        }
    }

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

    async Task Append(Volume volume, CancellationToken cancellation)
    {
        // 2. Whose it is.
        if (await Find(volume.Entry, cancellation) is not { } entry || entry.Int("recordStatus") == 0)
        {
            marks.Put(volume.Journal, volume.Name, HandoverMarks.Kept);
            return;
        }

        var partner = entry.Int("partnerId");
        var asset = await Asset(volume.Entry, partner, cancellation) ?? throw PlatformException.Of("ASSET_ID_NOT_FOUND", "");

        // 3. and 4. The piece.
        Directory.CreateDirectory(platform.Outbox);
        var path = Path.Combine(platform.Outbox, $"{volume.Entry}.{asset}_{SourceIndex}.{volume.Name}.mp4");
        var isLast = await IsLast(volume);
        if (!File.Exists(path) && !await VolumeMovie.Write(folders, volume.Journal, volume.Name, path, cancellation))
        {
            metrics.Piece("empty");
            marks.Put(volume.Journal, volume.Name, HandoverMarks.Appended);
            return;
        }

        var seconds = Mp4Facts.TryRead(path, out var facts) ? facts.Seconds : 0;
        await Append(volume, partner, asset, await platform.Give(partner, path, cancellation), seconds, isLast, cancellation);

        // 5. It has it.
        metrics.Piece("appended");
        LogAppended(volume.Entry, volume.Name, seconds, isLast);
        marks.Put(volume.Journal, volume.Name, HandoverMarks.Appended);
        platform.Forget(path);
        if (isLast && folders.Recordings.Volumes(volume.Journal).All(known => marks.Has(volume.Journal, known.Volume, HandoverMarks.Appended)))
        {
            await grains.GetGrain<IVodEntryGrain>(volume.Journal).Delete().WaitAsync(options.Value.AnswerTimeout, time, cancellation);
        }
    }

    async Task Append(Volume volume, int partner, string asset, RawMap resource, double seconds, bool isLast, CancellationToken cancellation)
    {
        try
        {
            await Call("appendRecording", partner, new RawMap
            {
                ["entryId"] = volume.Entry, ["assetId"] = asset, ["mediaServerIndex"] = SourceIndex, ["duration"] = seconds, ["isLastChunk"] = isLast, ["resource"] = resource,
            }, cancellation);
        }
        catch (PlatformException used) when (used.Code == "UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY")
        {
            // An upload that was whole a moment ago is used up by its piece alone: it was taken, and the answer got lost.
        }
    }

    Task<PlatformObject> Call(string action, int partner, RawMap parameters, CancellationToken cancellation, string service = "livestream") =>
        platform.Call(service, action, partner, parameters).WaitAsync(cancellation);

    async Task<PlatformObject?> Find(string entry, CancellationToken cancellation)
    {
        try
        {
            return await Call("get", 0, new RawMap { ["entryId"] = entry }, cancellation);
        }
        catch (PlatformException exception) when (exception.Code == "ENTRY_ID_NOT_FOUND")
        {
            return null;
        }
    }

    // The asset that stands for what is recorded: the one that the profile names, else what the encoder sends.
    async Task<string?> Asset(string entry, int partner, CancellationToken cancellation)
    {
        var filter = new RawMap { ["objectType"] = "KalturaLiveAssetFilter", ["entryIdEqual"] = entry };
        var assets = (await Call("list", partner, new RawMap { ["filter"] = filter }, cancellation, "flavorasset")).Objects("objects").ToList();
        return (assets.Find(asset => asset.Words("tags").Contains("recording_anchor")) ?? assets.Find(asset => asset.Words("tags").Contains("source")) ?? assets.FirstOrDefault())?.Text("id");
    }

    // Of a recording that is over, which the stream's grain says before it says so to the recorder.
    async Task<bool> IsLast(Volume volume)
    {
        var recording = await grains.GetGrain<IRecordingGrain>(volume.Entry).Describe().WaitAsync(options.Value.AnswerTimeout, time);
        return (recording.Entry != volume.Journal || !recording.IsRecording)
            && string.CompareOrdinal(folders.Recordings.Volumes(volume.Journal).Select(known => known.Volume).LastOrDefault(), volume.Name) <= 0;
    }

    [LoggerMessage(LogLevel.Information, "Entry {Entry}: piece {Volume} of its recording is with the platform: {Seconds:F1} s, last: {IsLast}")]
    partial void LogAppended(string entry, string volume, double seconds, bool isLast);

    [LoggerMessage(LogLevel.Warning, "Entry {Entry}: the platform does not take piece {Volume} of its recording, which stays on this node: {Why}")]
    partial void LogRefused(string entry, string volume, string why);

    [LoggerMessage(LogLevel.Warning, "Recording of entry {Entry} is not with the platform yet: {Why}; it is tried again")]
    partial void LogFailed(string entry, string why);
}
