using Tributary.Grains.VodEntries;
using Tributary.Media.Frames;
using Tributary.Media.Journal;
using Tributary.Media.Packaging.Live;

namespace Tributary.Grains.Recordings;

/// <summary>How one journal is cut into volumes.</summary>
/// <param name="Name">Its folder: the entry, or the stream.</param>
/// <param name="Stream">The live stream.</param>
/// <param name="Entry">The entry; empty for a rewind window.</param>
/// <param name="Epoch">Of the recorder.</param>
/// <param name="FromMsn">Numbers before it are not its own.</param>
/// <param name="VolumeDuration">A volume ends with the segment that reaches it.</param>
sealed record JournalPlan(string Name, string Stream, string Entry, long Epoch, long FromMsn, TimeSpan VolumeDuration)
{
    /// <summary>
    /// Whether timed metadata is kept. A rewind window has the bytes that were live; a recording is read for its chunks (<see cref="PartHeads"/>), also by nodes
    /// of an older version, which know no other box before one.
    /// </summary>
    public bool KeepsEvents => Entry.Length == 0;
}

/// <summary>
/// The journal of one entry or stream while it is written, volume after volume. A volume holds whole numbers: renditions cross to the next one each when
/// they come to its first number, and the older one is ended when the last has crossed.
/// </summary>
sealed class JournalWriter(JournalFolder folder, JournalPlan plan, string node, TimeProvider time)
{
    readonly List<VolumeWriter> _open = [];
    readonly List<RecordedVolume> _ended = [];
    long _newestMsn = -1;
    int _sequence = LastSequence(folder, plan);

    public JournalPlan Plan => plan;

    /// <summary>Told of each volume that is complete.</summary>
    public Action<JournalPlan, RecordedVolume>? Ended { get; init; }

    /// <summary>Whether a number belongs into this journal.</summary>
    public bool Takes(long msn) => msn >= plan.FromMsn;

    /// <summary>Writes a part, whose bytes are <paramref name="bytes"/>. Returns how many of them are kept.</summary>
    public int Write(string rendition, LiveSegment segment, long epoch, InitSegment init, int number, TrackPart part, ReadOnlySpan<byte> bytes)
    {
        var kept = plan.KeepsEvents ? bytes : bytes[part.EventsLength..];
        VolumeOf(segment).Write(rendition, init, segment.Msn, epoch, number, part, kept);
        return kept.Length;
    }

    public void End(string rendition, LiveSegment segment, long epoch, TrackSegment share) =>
        VolumeOf(segment).End(rendition, segment.Msn, epoch, share);

    /// <summary>All renditions are complete up to before <paramref name="msn"/>.</summary>
    public void Reach(long msn)
    {
        while (_open.Count > 1 && _open[1].FirstMsn <= msn)
        {
            EndVolume(_open[0]);
        }
    }

    public void Sync() => _open.ForEach(static volume => volume.Sync());

    public void Close()
    {
        while (_open.Count > 0)
        {
            EndVolume(_open[0]);
        }
    }

    /// <summary>The disk failed: what is on it stays, and what comes goes into another volume.</summary>
    public void Abandon()
    {
        foreach (var volume in _open)
        {
            volume.Abandon();
            Remember(volume);
        }

        _open.Clear();
    }

    /// <summary>The volumes that changed since <see cref="Forget"/>, as far as they are acknowledged.</summary>
    public RecordedVolume[] Changes() => [.. _ended, .. _open.Where(static volume => volume.Duration90k > 0).Select(volume => volume.Describe(node, ended: false))];

    /// <summary>Somebody has heard of so many ended volumes.</summary>
    public void Forget(IReadOnlyCollection<RecordedVolume> heard) => _ended.RemoveAll(heard.Contains);

    VolumeWriter VolumeOf(LiveSegment segment)
    {
        var msn = segment.Msn;
        if (_open.Count == 0 || (msn > _newestMsn && _open[^1].Duration90k >= plan.VolumeDuration.TotalSeconds * MediaTime.Hz90k))
        {
            var head = new JournalVolumeHead(plan.Stream, plan.Entry, plan.Epoch, ++_sequence, time.GetUtcNow());
            _open.Add(new VolumeWriter(folder, plan.Name, head, msn));
        }

        _newestMsn = Math.Max(_newestMsn, msn);
        var volume = _open.FindLast(known => known.FirstMsn <= msn) ?? _open[0];
        volume.Begin(segment);
        return volume;
    }

    // A recorder that was begun again under the same epoch, after a crash of its node, goes on counting.
    static int LastSequence(JournalFolder folder, JournalPlan plan)
    {
        var last = 0;
        foreach (var (volume, _) in folder.Volumes(plan.Name))
        {
            if (volume.StartsWith(JournalFolder.VolumeName(plan.Name, plan.Epoch, 0)[..^6], StringComparison.Ordinal)
                && int.TryParse(volume.AsSpan(volume.Length - 6), System.Globalization.NumberStyles.None, null, out var sequence))
            {
                last = Math.Max(last, sequence);
            }
        }

        return last;
    }

    void EndVolume(VolumeWriter volume)
    {
        volume.Close();
        _open.Remove(volume);
        Remember(volume);
    }

    void Remember(VolumeWriter volume)
    {
        var ended = volume.Describe(node, ended: true);
        _ended.Add(ended);
        Ended?.Invoke(plan, ended);
    }
}
