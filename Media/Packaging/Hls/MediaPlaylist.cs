using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Hls;

/// <summary>
/// One rendition of a live window as media playlist (RFC 8216 §4.3.3), with every segment that the window lists and, in CMAF form, the parts near
/// the live edge (RFC 8216bis, low latency). A player that does not know parts passes over their tags and sees a plain playlist.
/// </summary>
/// <param name="view">The window.</param>
/// <param name="form">Container of the segments.</param>
/// <param name="video">The video track; null for audio alone.</param>
/// <param name="audio">The audio track; null for video alone.</param>
sealed partial class MediaPlaylist(WindowView view, HlsForm form, TrackView? video, TrackView? audio)
{
    // Apple's authoring specification asks for three part targets where the RFC asks for two.
    const int PartHoldBack = 3;
    const int HoldBack = 3;
    const int SkipUntil = 6;
    const int PartsFor = 3;
    static readonly TimeSpan Largest = TimeSpan.FromMinutes(1);

    readonly TrackView _leading = video ?? audio!;

    /// <summary>Whether parts are listed where the source cuts them.</summary>
    public bool LowLatency { get; init; }

    public long First => Math.Max(video?.First ?? 0, audio?.First ?? 0);

    public long End => Math.Min(video?.End ?? long.MaxValue, audio?.End ?? long.MaxValue);

    bool HasParts => LowLatency && form == HlsForm.Cmaf && view.PartTarget90k > 0;

    bool HasEnded => view.Pause == WindowPause.OffAir;

    public PlaylistText Render(bool isDelta)
    {
        var writer = new PlaylistWriter();
        var from = isDelta ? SkipEnd() : First;
        WriteHeader(writer, isSkipping: from > First);
        if (from > First)
        {
            writer.Add("#EXT-X-SKIP:SKIPPED-SEGMENTS="u8).Add(from - First).End();
        }

        var map = FirstMap(from);
        if (map is { } begins)
        {
            WriteMap(writer, begins.Init, begins.Name);
        }

        var previous = LastMark(from);
        var partsFrom = PartsFrom();
        for (var msn = from; msn < End; msn++)
        {
            var (segment, track, names) = Look(msn);
            WriteStart(writer, segment, track?.Init, names[0], ref previous, ref map);
            WriteDate(writer, segment.Mark, track?.Parts);
            if (msn >= partsFrom)
            {
                WriteParts(writer, msn, PartsOf(segment, track, names[0]), names[0]);
            }

            WriteSegment(writer, segment, track, names);
        }

        if (HasEnded)
        {
            writer.Add("#EXT-X-ENDLIST\n"u8);
        }
        else if (HasParts)
        {
            WriteEdge(writer, previous, map);
        }

        return new PlaylistText(writer.Written);
    }

    void WriteHeader(PlaylistWriter writer, bool isSkipping)
    {
        writer.Add("#EXTM3U\n#EXT-X-VERSION:"u8).Add(isSkipping ? 9 : Version()).End();
        writer.Add("#EXT-X-TARGETDURATION:"u8).Add(view.TargetDuration).End();
        WriteServerControl(writer);
        writer.Add("#EXT-X-MEDIA-SEQUENCE:"u8).Add(First).End();
        writer.Add("#EXT-X-DISCONTINUITY-SEQUENCE:"u8).Add(DiscontinuitySequence()).End();
        if (AllIndependent())
        {
            writer.Add("#EXT-X-INDEPENDENT-SEGMENTS\n"u8);
        }
    }

    void WriteServerControl(PlaylistWriter writer)
    {
        writer.Add("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES"u8);
        if (HasParts)
        {
            writer.Add(",PART-HOLD-BACK="u8).AddSeconds(PartHoldBack * (long)view.PartTarget90k, MediaTime.Hz90k);
        }

        writer.Add(",HOLD-BACK="u8).Add(HoldBack * view.TargetDuration).Add(".0,CAN-SKIP-UNTIL="u8).Add(SkipUntil * view.TargetDuration).Add(".0\n"u8);
        if (HasParts)
        {
            writer.Add("#EXT-X-PART-INF:PART-TARGET="u8).AddSeconds(view.PartTarget90k, MediaTime.Hz90k).End();
        }
    }

    // The open number: its parts, the one that comes next, and how far the other renditions are.
    void WriteEdge(PlaylistWriter writer, SegmentMark? previous, (InitSegment Init, string Name)? map)
    {
        var open = view.CarrierOf(_leading, End);
        if (_leading.Parts.Length > 0)
        {
            var segment = view.Segment(open, End)!;
            WriteStart(writer, segment, _leading.OpenInit, open, ref previous, ref map);
            WriteDate(writer, segment.Mark, _leading.Parts);
            WriteParts(writer, End, _leading.Parts, open);
        }

        if (view.Pause is null)
        {
            // While the source is lost nobody knows what comes next.
            writer.Add("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part-"u8).Add(End).Add("-"u8).Add(_leading.Parts.Length).Add("-"u8).Add(open.Name)
                .Add(".m4s\"\n"u8);
        }

        foreach (var (name, msn, part) in _leading.Others)
        {
            writer.Add("#EXT-X-RENDITION-REPORT:URI=\"index-"u8).Add(name).Add(".m3u8\",LAST-MSN="u8).Add(msn);
            if (part >= 0)
            {
                writer.Add(",LAST-PART="u8).Add(part);
            }

            writer.End();
        }
    }
}
