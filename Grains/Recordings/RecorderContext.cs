using Microsoft.Extensions.Logging;
using Tributary.Grains.Frames.Links;
using Tributary.Grains.KLive;
using Tributary.Grains.VodEntries;
using Tributary.Media.Packaging.Live;

namespace Tributary.Grains.Recordings;

/// <summary>What the recorders of a node share.</summary>
sealed class RecorderContext(
    string node, JournalFolders folders, RecordingOptions options, DvrOptions dvr, SyncPointRule syncPoints, FrameFeeds feeds, RecorderLoop loop,
    RecordingMetrics metrics, RecordingEvents events, TimeProvider time, ILogger log)
{
    readonly DiskLimit _limit = new(folders.Recordings, options, time);

    public string Node => node;

    public JournalFolder Recordings => folders.Recordings;

    public JournalFolder Rewind => folders.Rewind;

    public RecordingOptions Options => options;

    public DvrOptions Dvr => dvr;

    public SyncPointRule SyncPoints => syncPoints;

    public FrameFeeds Feeds => feeds;

    public RecorderLoop Loop => loop;

    public RecordingMetrics Metrics => metrics;

    public TimeProvider Time => time;

    public ILogger Log => log;

    public LiveWindowOptions Window { get; } = new() { Window = TimeSpan.FromSeconds(30), MaxBytes = options.MaxPendingBytes };

    /// <summary>Why nothing may be written to a journal now; empty where it may.</summary>
    public string Limit(JournalFolder folder) => _limit.Reason(folder);

    public Action<JournalPlan, RecordedVolume>? OnVolumeEnded(JournalFolder folder) => (plan, volume) =>
    {
        if (plan.Entry.Length > 0)
        {
            events.Raise(RecordingEvent.Of(plan.Stream, volume with { Entry = plan.Entry }, folder.IndexPath(plan.Name, volume.File)));
        }
    };
}

/// <summary>Where this node keeps journals.</summary>
public sealed record JournalFolders(JournalFolder Recordings, JournalFolder Rewind);
