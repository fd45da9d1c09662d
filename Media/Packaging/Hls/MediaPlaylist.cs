using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Hls;

/// <summary>One rendition of a live window as media playlist (RFC 8216 §4.3.3), with every segment that the window lists.</summary>
/// <param name="view">The window.</param>
/// <param name="form">Container of the segments.</param>
/// <param name="video">The video track; null for audio alone.</param>
/// <param name="audio">The audio track; null for video alone.</param>
sealed class MediaPlaylist(WindowView view, HlsForm form, TrackView? video, TrackView? audio)
{
    static readonly TimeSpan Largest = TimeSpan.FromMinutes(1);

    readonly TrackView _leading = video ?? audio!;

    public long First => Math.Max(video?.First ?? 0, audio?.First ?? 0);

    public long End => Math.Min(video?.End ?? long.MaxValue, audio?.End ?? long.MaxValue);

    public PlaylistText Render()
    {
        var writer = new PlaylistWriter();
        WriteHeader(writer);
        InitSegment? map = FirstMap();
        if (map is not null)
        {
            WriteMap(writer, map);
        }

        SegmentMark? previous = null;
        for (var msn = First; msn < End; msn++)
        {
            var segment = view.Segment(msn)!;
            for (var tags = Discontinuities(segment.Mark, previous); tags > 0; tags--)
            {
                writer.Add("#EXT-X-DISCONTINUITY\n"u8);
            }

            var track = TrackOf(segment);
            if (form == HlsForm.Cmaf && track?.Init is { } init && init.Number != map?.Number)
            {
                map = init;
                WriteMap(writer, map);
            }

            WriteSegment(writer, segment, track);
            previous = segment.Mark ?? previous;
        }

        if (view.Pause == WindowPause.OffAir)
        {
            writer.Add("#EXT-X-ENDLIST\n"u8);
        }

        return new PlaylistText(writer.Written);
    }

    void WriteHeader(PlaylistWriter writer)
    {
        writer.Add("#EXTM3U\n#EXT-X-VERSION:"u8).Add(Version()).End();
        writer.Add("#EXT-X-TARGETDURATION:"u8).Add(view.TargetDuration).End();
        writer.Add("#EXT-X-MEDIA-SEQUENCE:"u8).Add(First).End();
        writer.Add("#EXT-X-DISCONTINUITY-SEQUENCE:"u8).Add(DiscontinuitySequence()).End();
        if (AllIndependent())
        {
            writer.Add("#EXT-X-INDEPENDENT-SEGMENTS\n"u8);
        }
    }

    // 3 for decimals, 7 for fMP4 as Apple asks for it, 8 for gaps.
    int Version()
    {
        for (var msn = First; msn < End; msn++)
        {
            if (TrackOf(view.Segment(msn)!) is null or { IsGap: true })
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
            if (view.Segment(msn)!.Mark is { } mark)
            {
                return mark.DiscontinuitySequence - (mark.StartsDiscontinuity ? 1 : 0);
            }
        }

        return 0;
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
            var segment = view.Segment(msn)!;
            if (segment.Track(_leading.Slot) is { IsGap: false, StartsWithKey: false })
            {
                return false;
            }
        }

        return true;
    }

    // The share that says how long the segment is: the picture's, or the sound's where the picture has nothing.
    TrackSegment? TrackOf(LiveSegment segment)
    {
        var leading = segment.Track(_leading.Slot);
        return leading is null or { IsGap: true } && video is not null && audio is not null ? segment.Track(audio.Slot) ?? leading : leading;
    }

    InitSegment? FirstMap()
    {
        for (var msn = First; form == HlsForm.Cmaf && msn < End; msn++)
        {
            if (TrackOf(view.Segment(msn)!)?.Init is { } init)
            {
                return init;
            }
        }

        return null;
    }

    void WriteMap(PlaylistWriter writer, InitSegment map) =>
        writer.Add("#EXT-X-MAP:URI=\"init-"u8).Add(_leading.Name).Add("-"u8).AddHex(map.Number).Add(".mp4\"\n"u8);

    void WriteSegment(PlaylistWriter writer, LiveSegment segment, TrackSegment? track)
    {
        if (segment.Mark is { } mark)
        {
            writer.Add("#EXT-X-PROGRAM-DATE-TIME:"u8).Add(mark.ProgramDateTime + Offset(mark, track)).End();
        }

        if (track is null or { IsGap: true })
        {
            writer.Add("#EXT-X-GAP\n"u8);
        }

        writer.Add("#EXTINF:"u8);
        WriteDuration(writer, track?.Duration ?? segment.Duration90k, track?.Timescale ?? MediaTime.Hz90k);
        writer.Add(",\nseg-"u8).Add(segment.Msn);
        WriteTracks(writer);
        writer.Add(form == HlsForm.Cmaf ? ".m4s\n"u8 : ".ts\n"u8);
    }

    // A segment's first audio frame rarely starts where its first picture does; one clock for all renditions says how far apart they are.
    static TimeSpan Offset(SegmentMark mark, TrackSegment? track)
    {
        if (track is null or { IsGap: true })
        {
            return TimeSpan.Zero;
        }

        var offset = MediaTime.ToTimeSpan(track.Parts[0].Frames[0].Pts90k - mark.Start90k, MediaTime.Hz90k);
        return offset.Duration() < Largest ? offset : TimeSpan.Zero;
    }

    // Rounded, no EXTINF may exceed the target (RFC 8216 §4.3.3.1), and the target may not change.
    void WriteDuration(PlaylistWriter writer, long ticks, int timescale)
    {
        var micros = MediaTime.RescaleNearest(ticks, timescale, 1_000_000);
        writer.AddDecimal(Math.Clamp(micros, 1, view.TargetDuration * 1_000_000L + 499_999), 6);
    }

    void WriteTracks(PlaylistWriter writer)
    {
        foreach (var track in (ReadOnlySpan<TrackView?>)[video, audio])
        {
            if (track is not null)
            {
                writer.Add("-"u8).Add(track.Name);
            }
        }
    }
}
