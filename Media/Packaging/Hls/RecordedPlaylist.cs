using Tributary.Media.Frames;
using Tributary.Media.Journal;

namespace Tributary.Media.Packaging.Hls;

/// <summary>How a recorded timeline is listed.</summary>
public enum RecordedListing
{
    /// <summary>A recording that is complete: EXT-X-PLAYLIST-TYPE VOD, and byte ranges of its media files.</summary>
    Whole,

    /// <summary>A recording that grows: EXT-X-PLAYLIST-TYPE EVENT.</summary>
    Growing,

    /// <summary>A live stream as far back as it is kept: no type, since its beginning moves on; segments by the names that they have live.</summary>
    Rewind,
}

/// <summary>One rendition of a recorded timeline as media playlist (RFC 8216 §4.3.3), with fMP4 segments.</summary>
public sealed class RecordedPlaylist(RecordedTimeline timeline, int rendition, RecordedListing listing)
{
    const int Version = 8;   // gaps

    /// <summary>Numbers that end before this time are left out, and playback begins at it (§4.3.5.2).</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>Numbers that end longer before the newest are left out, in 90 kHz ticks.</summary>
    public long Window90k { get; init; } = long.MaxValue;

    /// <summary>Whether nothing more comes, though the listing is not one of a recording.</summary>
    public bool HasEnded { get; init; }

    /// <summary>Null where the rendition lists nothing.</summary>
    public PlaylistText? Render()
    {
        var end = timeline.End(rendition);
        var first = FirstIndex(end);
        if (first >= end)
        {
            return null;
        }

        var writer = new PlaylistWriter();
        var target = TargetDuration(end);
        WriteHeader(writer, first, target);
        SegmentMark? previous = null;
        (string Volume, string Track, ulong Init) map = ("", "", 0);
        var reached90k = long.MinValue;
        for (var index = first; index < end; index++)
        {
            var number = timeline.Numbers[index];
            var piece = timeline.Listed(index, rendition);
            if (IsDiscontinuity(number.Mark, previous, reached90k, isFirst: index == first))
            {
                writer.Add("#EXT-X-DISCONTINUITY\n"u8);
            }

            WriteMap(writer, piece, ref map);
            if (number.Mark is { } mark)
            {
                writer.Add("#EXT-X-PROGRAM-DATE-TIME:"u8).Add(mark.ProgramDateTime + Offset(mark, piece)).End();
                (previous, reached90k) = (mark, mark.Start90k + number.Duration90k);
            }

            WriteSegment(writer, number, piece, target);
        }

        if (listing == RecordedListing.Whole || HasEnded)
        {
            writer.Add("#EXT-X-ENDLIST\n"u8);
        }

        return new PlaylistText(writer.Written);
    }

    int FirstIndex(int end)
    {
        var first = 0;
        if (Window90k < long.MaxValue && end > 0 && timeline.Numbers[end - 1] is { Mark: { } last } newest)
        {
            var oldest = last.Start90k + newest.Duration90k - Window90k;
            while (first < end && (timeline.Numbers[first].Mark is not { } mark || mark.Start90k + timeline.Numbers[first].Duration90k < oldest))
            {
                first++;
            }
        }

        while (Start is { } start && first < end && timeline.Numbers[first] is { } number && TimeOf(number) + MediaTime.ToTimeSpan(number.Duration90k, MediaTime.Hz90k) <= start)
        {
            first++;
        }

        return first;
    }

    static DateTimeOffset TimeOf(RecordedNumber number) => number.Mark?.ProgramDateTime ?? DateTimeOffset.MinValue;

    // What the source promised, which holds for what was cut short as well.
    int TargetDuration(int end)
    {
        var target = 1;
        for (var index = 0; index < end; index++)
        {
            target = Math.Max(target, timeline.Numbers[index].Mark?.TargetDuration ?? 1);
        }

        return target;
    }

    void WriteHeader(PlaylistWriter writer, int first, int target)
    {
        var number = timeline.Numbers[first];
        writer.Add("#EXTM3U\n#EXT-X-VERSION:"u8).Add(Version).Add("\n#EXT-X-TARGETDURATION:"u8).Add(target).End();
        writer.Add(listing switch
        {
            RecordedListing.Whole => "#EXT-X-PLAYLIST-TYPE:VOD\n"u8,
            RecordedListing.Growing => "#EXT-X-PLAYLIST-TYPE:EVENT\n"u8,
            _ => default,
        });
        writer.Add("#EXT-X-MEDIA-SEQUENCE:"u8).Add(listing == RecordedListing.Rewind ? number.Msn : 0).End();
        if (listing == RecordedListing.Rewind && number.Mark is { } mark)
        {
            writer.Add("#EXT-X-DISCONTINUITY-SEQUENCE:"u8).Add(mark.DiscontinuitySequence - (mark.StartsDiscontinuity ? 1 : 0)).End();
        }

        if (Start is { } start)
        {
            var into = Math.Max(0, (start - TimeOf(number)).Ticks);
            writer.Add("#EXT-X-START:TIME-OFFSET="u8).AddDecimal(into / (TimeSpan.TicksPerSecond / 1_000), 3).Add(",PRECISE=YES\n"u8);
        }

        if (timeline.Numbers.All(each => each.Piece(rendition) is not { } piece || piece.Share.IsGap || piece.Share.StartsWithKey))
        {
            writer.Add("#EXT-X-INDEPENDENT-SEGMENTS\n"u8);
        }
    }

    // As the source said; and where something is missing so that time jumps.
    bool IsDiscontinuity(SegmentMark? mark, SegmentMark? previous, long reached90k, bool isFirst)
    {
        if (mark is null)
        {
            return false;
        }

        if (isFirst)
        {
            return listing == RecordedListing.Rewind && mark.StartsDiscontinuity;
        }

        return mark.StartsDiscontinuity || previous is { } before
            && (before.DiscontinuitySequence != mark.DiscontinuitySequence
                || listing != RecordedListing.Rewind && Math.Abs(mark.Start90k - reached90k) > MediaTime.Hz90k / 2);
    }

    void WriteMap(PlaylistWriter writer, RecordedPiece? piece, ref (string Volume, string Track, ulong Init) map)
    {
        if (piece is not { Share: { Track: { } track, IsGap: false } } known)
        {
            return;
        }

        // In a recording a section is named by its place, which is another in each volume.
        var volume = listing == RecordedListing.Rewind ? "" : known.Volume.Name;
        if ((volume, track.Name, track.InitNumber) == map)
        {
            return;
        }

        map = (volume, track.Name, track.InitNumber);
        if (listing == RecordedListing.Rewind)
        {
            writer.Add("#EXT-X-MAP:URI=\"../init-"u8).Add(track.Name).Add("-"u8).AddHex(track.InitNumber).Add(".mp4\"\n"u8);
        }
        else
        {
            writer.Add("#EXT-X-MAP:URI=\""u8).Add(known.Volume.Name).Add("-"u8).Add(track.Name).Add(".mp4\",BYTERANGE=\""u8).Add(track.InitLength).Add("@"u8)
                .Add(track.InitOffset).Add("\"\n"u8);
        }
    }

    void WriteSegment(PlaylistWriter writer, RecordedNumber number, RecordedPiece? piece, int target)
    {
        var share = piece?.Share;
        if (share is null or { IsGap: true })
        {
            writer.Add("#EXT-X-GAP\n"u8);
        }

        var micros = share is null
            ? MediaTime.RescaleNearest(number.Duration90k, MediaTime.Hz90k, 1_000_000)
            : MediaTime.RescaleNearest(share.Duration, share.Timescale, 1_000_000);
        writer.Add("#EXTINF:"u8).AddDecimal(Math.Clamp(micros, 1, target * 1_000_000L + 499_999), 6).Add(",\n"u8);
        var name = share?.Track?.Name ?? timeline.Renditions[rendition];
        if (listing != RecordedListing.Rewind && share is { IsGap: false })
        {
            writer.Add("#EXT-X-BYTERANGE:"u8).Add(share.Length).Add("@"u8).Add(share.Offset).End();
            writer.Add(piece!.Value.Volume.Name).Add("-"u8).Add(name).Add(".mp4\n"u8);
        }
        else
        {
            writer.Add(listing == RecordedListing.Rewind ? "../seg-"u8 : "seg-"u8).Add(number.Msn).Add("-"u8).Add(name).Add(".m4s\n"u8);
        }
    }

    // As live: a rendition's first frame rarely starts where the segment does.
    static TimeSpan Offset(SegmentMark mark, RecordedPiece? piece)
    {
        if (piece is not { Share: { IsGap: false } share })
        {
            return TimeSpan.Zero;
        }

        var pts90k = MediaTime.Rescale(share.Dts + share.CompositionOffset, share.Timescale, MediaTime.Hz90k);
        var offset = MediaTime.ToTimeSpan(pts90k - mark.Start90k, MediaTime.Hz90k);
        return offset.Duration() < TimeSpan.FromMinutes(1) ? offset : TimeSpan.Zero;
    }
}
