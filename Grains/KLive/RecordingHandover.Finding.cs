using Tributary.Grains.Recordings;
using Tributary.Grains.VodEntries;

namespace Tributary.Grains.KLive;

// 1. Which volumes there are: those that end now, and those that an earlier run of this node left.
public sealed partial class RecordingHandover
{
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
}
