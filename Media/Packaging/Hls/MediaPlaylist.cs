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
sealed class MediaPlaylist(WindowView view, HlsForm form, TrackView? video, TrackView? audio)
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

    // Numbers before it end earlier than the skip boundary: a player that asks for a delta knows them (RFC 8216bis §6.2.5.1).
    long SkipEnd() => BackFrom(SkipUntil);

    // A part stays listed while it is within three target durations of the end (RFC 8216bis §6.2.2).
    long PartsFrom() => HasParts ? BackFrom(PartsFor) : long.MaxValue;

    // The first number of which something is within so many target durations of the end.
    long BackFrom(int targets)
    {
        var left = targets * (long)view.TargetDuration * MediaTime.Hz90k;
        foreach (var part in _leading.Parts)
        {
            left -= MediaTime.RescaleNearest(part.Duration, _leading.Info.Timescale, MediaTime.Hz90k);
        }

        var msn = End;
        while (msn > First && left > 0)
        {
            var (segment, track, _) = Look(--msn);
            left -= ListedMicros(segment, track) * 9 / 100;
        }

        return msn;
    }

    // 3 for decimals, 7 for fMP4 as Apple asks for it, 8 for gaps.
    int Version()
    {
        for (var msn = First; msn < End; msn++)
        {
            if (Look(msn).Share is null or { IsGap: true })
            {
                return 8;
            }
        }

        return form == HlsForm.Cmaf ? 7 : 3;
    }

    // Discontinuities before the first tag in this playlist: what every gateway says for the same first segment.
    long DiscontinuitySequence()
    {
        for (var msn = First; msn < End; msn++)
        {
            if (Look(msn).Segment.Mark is { } mark)
            {
                return mark.DiscontinuitySequence - (mark.StartsDiscontinuity ? 1 : 0);
            }
        }

        return 0;
    }

    SegmentMark? LastMark(long before)
    {
        for (var msn = before - 1; msn >= First; msn--)
        {
            if (MarkAt(Look(msn).Segment) is { } mark)
            {
                return mark;
            }
        }

        return null;
    }

    // A number that no source used belongs to what was before the source after it: so every playlist counts, also one that begins with it.
    SegmentMark? MarkAt(LiveSegment segment)
    {
        if (segment.Mark is { } own)
        {
            return own;
        }

        for (var msn = segment.Msn + 1; msn <= End; msn++)
        {
            if (view.Segment(view.CarrierOf(_leading, msn), msn)?.Mark is { } next)
            {
                return next with { DiscontinuitySequence = next.DiscontinuitySequence - (next.StartsDiscontinuity ? 1 : 0), StartsDiscontinuity = false };
            }
        }

        return null;
    }

    void WriteStart(PlaylistWriter writer, LiveSegment segment, InitSegment? init, TrackView carrier, ref SegmentMark? previous, ref (InitSegment Init, string Name)? map)
    {
        var mark = MarkAt(segment);
        for (var tags = Discontinuities(mark, previous); tags > 0; tags--)
        {
            writer.Add("#EXT-X-DISCONTINUITY\n"u8);
        }

        previous = mark ?? previous;
        // By its address too: what is listed keeps its map when the segment before it, which told the same one under another's name, is listed no more.
        if (form == HlsForm.Cmaf && init is not null && (init.Number != map?.Init.Number || carrier.Name != map?.Name))
        {
            map = (init, carrier.Name);
            WriteMap(writer, init, carrier.Name);
        }
    }

    static long Discontinuities(SegmentMark? mark, SegmentMark? previous)
    {
        if (mark is null)
        {
            return 0;
        }

        var jump = previous is null ? 0 : Math.Min(mark.DiscontinuitySequence - previous.DiscontinuitySequence, 8);
        return Math.Max(jump, mark.StartsDiscontinuity ? 1 : 0);
    }

    bool AllIndependent()
    {
        for (var msn = First; msn < End; msn++)
        {
            if (view.Share(_leading, msn) is { IsGap: false, StartsWithKey: false })
            {
                return false;
            }
        }

        return true;
    }

    // What is listed at a number, and the tracks that carry it. The share says how long the segment is: the picture's, or the sound's where the
    // picture has nothing. Both are of one rendition.
    (LiveSegment Segment, TrackSegment? Share, TrackView[] Carriers) Look(long msn)
    {
        var carrier = view.CarrierOf(_leading, msn);
        var segment = view.Segment(carrier, msn)!;
        var share = segment.Track(carrier.Slot);
        if (video is null || audio is null)
        {
            return (segment, share, [carrier]);
        }

        var sound = carrier == _leading ? audio : view.Tracks.FirstOrDefault(track => track.Kind == TrackKind.Audio && track.Rendition == carrier.Rendition);
        var alone = share is null or { IsGap: true } && sound is not null;
        return (segment, alone ? segment.Track(sound!.Slot) ?? share : share, sound is null ? [carrier] : [carrier, sound]);
    }

    (InitSegment Init, string Name)? FirstMap(long from)
    {
        for (var msn = from; form == HlsForm.Cmaf && msn < End; msn++)
        {
            var (_, share, carriers) = Look(msn);
            if (share?.Init is { } init)
            {
                return (init, carriers[0].Name);
            }
        }

        return null;
    }

    static void WriteMap(PlaylistWriter writer, InitSegment map, string name) =>
        writer.Add("#EXT-X-MAP:URI=\"init-"u8).Add(name).Add("-"u8).AddHex(map.Number).Add(".mp4\"\n"u8);

    static void WriteDate(PlaylistWriter writer, SegmentMark? mark, TrackPart[]? parts)
    {
        if (mark is not null)
        {
            writer.Add("#EXT-X-PROGRAM-DATE-TIME:"u8).Add(mark.ProgramDateTime + Offset(mark, parts)).End();
        }
    }

    void WriteParts(PlaylistWriter writer, long msn, TrackPart[] parts, TrackView carrier)
    {
        var target = MediaTime.RescaleNearest(view.PartTarget90k, MediaTime.Hz90k, 1_000_000);
        for (var number = 0; number < parts.Length; number++)
        {
            var micros = MediaTime.RescaleNearest(parts[number].Duration, carrier.Info.Timescale, 1_000_000);
            writer.Add("#EXT-X-PART:DURATION="u8).AddDecimal(Math.Clamp(micros, 1, target), 6);
            writer.Add(parts[number].StartsWithKey ? ",INDEPENDENT=YES,URI=\"part-"u8 : ",URI=\"part-"u8);
            writer.Add(msn).Add("-"u8).Add(number).Add("-"u8).Add(carrier.Name).Add(".m4s\"\n"u8);
        }

        if (_leading.Broken.ContainsKey(msn) && msn < End && parts.Length > 0)
        {
            WriteLost(writer, msn, parts, carrier, target);
        }
    }

    // What there is of a number that was given up within stays listed until the next source closes it as a gap.
    TrackPart[] PartsOf(LiveSegment segment, TrackSegment? share, TrackView carrier) =>
        share?.Parts ?? (_leading.Broken.ContainsKey(segment.Msn) ? segment.Parts(carrier.Slot) : []);

    // What never came of the number in which the source broke off (RFC 8216bis §4.4.4.9: GAP).
    void WriteLost(PlaylistWriter writer, long msn, TrackPart[] parts, TrackView carrier, long target)
    {
        var whole = MediaTime.RescaleNearest(_leading.Broken[msn], MediaTime.Hz90k, 1_000_000);
        var missing = whole - parts.Sum(part => MediaTime.RescaleNearest(part.Duration, carrier.Info.Timescale, 1_000_000));
        for (var number = parts.Length; missing > 0; number++, missing -= target)
        {
            writer.Add("#EXT-X-PART:DURATION="u8).AddDecimal(Math.Min(missing, target), 6).Add(",GAP=YES,URI=\"part-"u8);
            writer.Add(msn).Add("-"u8).Add(number).Add("-"u8).Add(carrier.Name).Add(".m4s\"\n"u8);
        }
    }

    void WriteSegment(PlaylistWriter writer, LiveSegment segment, TrackSegment? track, TrackView[] carriers)
    {
        if (track is null or { IsGap: true })
        {
            writer.Add("#EXT-X-GAP\n"u8);
        }

        writer.Add("#EXTINF:"u8).AddDecimal(ListedMicros(segment, track), 6).Add(",\nseg-"u8).Add(segment.Msn);
        foreach (var carrier in carriers)
        {
            writer.Add("-"u8).Add(carrier.Name);
        }

        writer.Add(form == HlsForm.Cmaf ? ".m4s\n"u8 : ".ts\n"u8);
    }

    // A segment's first audio frame rarely starts where its first picture does; one clock for all renditions says how far apart they are.
    static TimeSpan Offset(SegmentMark mark, TrackPart[]? parts)
    {
        if (parts is null or [])
        {
            return TimeSpan.Zero;
        }

        var offset = MediaTime.ToTimeSpan(parts[0].Frames[0].Pts90k - mark.Start90k, MediaTime.Hz90k);
        return offset.Duration() < Largest ? offset : TimeSpan.Zero;
    }

    // Rounded, no EXTINF may exceed the target (RFC 8216 §4.3.3.1), and the target may not change.
    long ListedMicros(LiveSegment segment, TrackSegment? track)
    {
        var (ticks, timescale) = _leading.Broken.TryGetValue(segment.Msn, out var whole90k) ? (whole90k, MediaTime.Hz90k)
            : (track?.Duration ?? segment.Duration90k, track?.Timescale ?? MediaTime.Hz90k);
        return Math.Clamp(MediaTime.RescaleNearest(ticks, timescale, 1_000_000), 1, view.TargetDuration * 1_000_000L + 499_999);
    }
}
