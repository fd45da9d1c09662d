using Microsoft.Extensions.Logging;
using Tributary.Grains.VodEntries;

namespace Tributary.Grains.Recordings;

/// <summary>Looks through the journals of a node: repairs at the start what a crash left open, deletes later what nobody may keep or wants any more.</summary>
sealed partial class JournalSweep(
    JournalFolders folders, RecordingOptions options, DvrOptions dvr, IGrainFactory grains, RecordingEvents events, RecordingMetrics metrics, TimeProvider time, ILogger log)
{
    static readonly TimeSpan Period = TimeSpan.FromSeconds(5), Patience = TimeSpan.FromSeconds(2);

    // A folder without an entry may belong to one that is just being made.
    static readonly TimeSpan Youth = TimeSpan.FromMinutes(1);

    long _swept;

    /// <summary>Repairs everything that was not ended. What is repaired has to be told.</summary>
    public IReadOnlyList<RepairedVolume> Repair(string node)
    {
        var repaired = new List<RepairedVolume>();
        foreach (var folder in (ReadOnlySpan<JournalFolder>)[folders.Recordings, folders.Rewind])
        {
            foreach (var name in folder.Names())
            {
                foreach (var (volume, _) in folder.Volumes(name))
                {
                    Repair(folder, name, volume, node, repaired);
                }
            }
        }

        return repaired;
    }

    void Repair(JournalFolder folder, string name, string volume, string node, List<RepairedVolume> repaired)
    {
        try
        {
            if (JournalRecovery.IsEnded(folder, name, volume))
            {
                return;
            }

            var result = JournalRecovery.Repair(folder, name, volume, node);
            metrics.Repaired(result.CutBytes);
            LogRepaired(volume, result.CutBytes, result.CutParts);
            repaired.Add(result);
            if (result.Volume is { Entry.Length: > 0 } whole)
            {
                events.RaiseRepaired(RecordingEvent.Of(result.Stream, whole, folder.IndexPath(name, volume)));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogBroken(volume, exception.Message);   // it stays as it is; readers read it up to its torn end
        }
    }

    /// <summary>Tells entries and recordings what was repaired. Returns what could not be told yet.</summary>
    public async Task<IReadOnlyList<RepairedVolume>> Tell(IReadOnlyList<RepairedVolume> repaired)
    {
        var untold = new List<RepairedVolume>();
        foreach (var found in repaired)
        {
            try
            {
                if (found.Volume is { Entry.Length: > 0 } volume)
                {
                    await grains.GetGrain<IVodEntryGrain>(volume.Entry).Put([volume]).WaitAsync(Patience, time);
                }

                if (found.Stream.Length > 0)
                {
                    await grains.GetGrain<IRecordingGrain>(found.Stream).Tend().WaitAsync(Patience, time);
                }
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                untold.Add(found);
                LogUntold(found.Stream, exception.Message);
            }
        }

        return untold;
    }

    /// <summary>Deletes what is too old, too much, or of an entry that is gone. <paramref name="written"/> is being added to.</summary>
    public async Task Run(IReadOnlyList<RecordingAssignment> written)
    {
        if (time.GetElapsedTime(_swept) < Period)
        {
            return;
        }

        _swept = time.GetTimestamp();
        try
        {
            foreach (var stream in folders.Rewind.Names())
            {
                SweepRewind(stream);
            }

            foreach (var entry in folders.Recordings.Names().Where(name => !written.Any(assignment => assignment.Entry == name)))
            {
                await SweepRecording(entry);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or TimeoutException or OrleansException)
        {
            LogUnswept(exception.Message);
        }
    }

    // The time of a volume's last record is that of its last picture. The one that is being written has just been touched.
    void SweepRewind(string stream)
    {
        var (window, folder) = (dvr.WindowOf(stream), folders.Rewind);
        var volumes = folder.Volumes(stream);
        var bytes = folder.Bytes(stream);
        foreach (var (volume, _) in volumes)
        {
            var age = time.GetUtcNow() - File.GetLastWriteTimeUtc(folder.IndexPath(stream, volume));
            var isWritten = volume == volumes[^1].Volume && age < Youth;
            if (isWritten || (age <= window && bytes <= dvr.MaxBytes))
            {
                break;
            }

            var before = bytes;
            folder.Delete(stream, volume);
            bytes = folder.Bytes(stream);
            metrics.Deleted(before - bytes);
        }

        if (folder.Volumes(stream).Length == 0)
        {
            folder.Delete(stream);
        }
    }

    async Task SweepRecording(string entry)
    {
        var folder = folders.Recordings;
        var age = time.GetUtcNow() - Directory.GetLastWriteTimeUtc(folder.FolderOf(entry));
        if (age < Youth || events.IsAwaited(entry))
        {
            return;
        }

        var last = folder.Volumes(entry).Select(volume => File.GetLastWriteTimeUtc(folder.IndexPath(entry, volume.Volume))).DefaultIfEmpty().Max();
        var known = grains.GetGrain<IVodEntryGrain>(entry);
        if (options.Retention > TimeSpan.Zero && time.GetUtcNow() - last > options.Retention)
        {
            await known.Delete().WaitAsync(Patience, time);
        }

        if (await known.Describe().WaitAsync(Patience, time) is null)
        {
            var bytes = folder.Bytes(entry);
            folder.Delete(entry);
            metrics.Deleted(bytes);
            LogDeleted(entry, bytes);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Volume {Volume} was not ended and is repaired: {Bytes} bytes cut off, {Parts} parts of its index lost")]
    partial void LogRepaired(string volume, long bytes, int parts);

    [LoggerMessage(LogLevel.Error, "Volume {Volume} could not be repaired: {Why}")]
    partial void LogBroken(string volume, string why);

    [LoggerMessage(LogLevel.Warning, "Nobody could be told yet that journals of stream {Stream} were repaired: {Why}")]
    partial void LogUntold(string stream, string why);

    [LoggerMessage(LogLevel.Warning, "Journals could not be looked through: {Why}")]
    partial void LogUnswept(string why);

    [LoggerMessage(LogLevel.Information, "Recording {Entry} is deleted: {Bytes} bytes")]
    partial void LogDeleted(string entry, long bytes);
}
