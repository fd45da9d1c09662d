namespace Tributary.Media.Packaging.Live;

// What is sent of it: segments and parts, under leases.
public sealed partial class WindowView
{
    /// <summary>A segment of one track in CMAF form. The body is a lease: dispose it.</summary>
    public SegmentLookup TryOpenCmaf(TrackView track, long msn, out SegmentBody? body)
    {
        body = null;
        var found = Look(track, track, msn, out var segment);
        if (found == SegmentLookup.Found)
        {
            body = new SegmentBody(segment!, segment!.Track(track.Slot)!);
        }

        return found;
    }

    /// <summary>A segment of at most one video and one audio track as transport stream. The body is a lease: dispose it.</summary>
    public SegmentLookup TryOpenTs(TrackView? video, TrackView? audio, long msn, out SegmentBody? body)
    {
        body = null;
        var found = Look(video ?? audio!, audio ?? video!, msn, out var segment);
        if (found == SegmentLookup.Found)
        {
            try
            {
                body = new SegmentBody(segment!, segment!.Ts(video?.Slot ?? -1, audio?.Slot ?? -1, HomeOf(video ?? audio!)._muxers!).Bytes);
            }
            catch
            {
                segment!.Release();
                throw;
            }
        }

        return found;
    }

    /// <summary>A part of one track, of a complete segment or of the open one. The body is a lease: dispose it.</summary>
    public SegmentLookup TryOpenPart(TrackView track, long msn, int part, out SegmentBody? body)
    {
        body = null;
        if (msn > track.End || (msn == track.End && part >= track.Parts.Length))
        {
            return SegmentLookup.NotYet;
        }

        if (Segment(track, msn) is not { } segment || !segment.TryRetain())
        {
            return SegmentLookup.Gone;
        }

        var parts = segment.Parts(track.Slot);
        if (part < parts.Length && segment.TrySend())
        {
            body = new SegmentBody(segment, parts.AsMemory(part, 1));
            return SegmentLookup.Found;
        }

        segment.Release();
        return SegmentLookup.Nothing;
    }

    /// <summary>
    /// A part that the segment has so far, for who keeps it without showing it to a player: the number may still be begun anew by another source.
    /// The body is a lease: dispose it.
    /// </summary>
    public static SegmentBody? TryHoldPart(LiveSegment segment, int slot, int part) =>
        part < segment.Parts(slot).Length && segment.TryRetain() ? new SegmentBody(segment, segment.Parts(slot).AsMemory(part, 1)) : null;

    // Found comes with a reference to the segment.
    SegmentLookup Look(TrackView one, TrackView other, long msn, out LiveSegment? segment)
    {
        segment = Segment(one, msn);
        if (msn >= Math.Min(one.End, other.End))
        {
            return SegmentLookup.NotYet;
        }

        if (segment is null || !segment.TryRetain())
        {
            return SegmentLookup.Gone;
        }

        if (segment.Track(one.Slot) is { IsGap: false } || segment.Track(other.Slot) is { IsGap: false })
        {
            return SegmentLookup.Found;
        }

        segment.Release();
        return SegmentLookup.Nothing;
    }
}
