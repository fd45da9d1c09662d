using Tributary.Media.Frames;
using Tributary.Media.Segmenting;

namespace Tributary.Unit.Segmenting;

public class SegmentMarkerTest
{
    const int Fps = 25;
    static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
    static readonly TrackInfo Video = new() { Id = 1, Codec = Codec.H264, Timescale = 90_000, DecoderConfig = new byte[] { 1 } };
    static readonly TrackInfo Audio = new() { Id = 101, Codec = Codec.Aac, Timescale = 48_000, SamplesPerFrame = 1024, DecoderConfig = new byte[] { 2 } };

    [Fact]
    public void Nothing_is_marked_before_the_first_key_frame()
    {
        var marker = new SegmentMarker(Plan());

        Assert.False(marker.TryMark(Picture(0, key: false), Noon, out _));
        Assert.True(marker.TryMark(Picture(1, key: true), Noon, out var first));
        Assert.Equal((7, 90_000 * 100), (first.Segment.Msn, first.Frame.Pts));
        Assert.Equal(Noon, first.Segment.ProgramDateTime);
    }

    [Fact]
    public void Segments_are_cut_at_key_frames_after_the_planned_duration()
    {
        var marked = Mark(Plan(), Pictures(0, 200, gop: 25));

        Assert.Equal([7, 8, 9, 10], marked.Select(frame => frame.Segment.Msn).Distinct());
        Assert.All(marked.GroupBy(frame => frame.Segment.Msn), segment => Assert.Equal(50, segment.Count()));
        Assert.All(marked, frame => Assert.Equal(2, frame.Segment.TargetDuration));
        Assert.Equal(Noon.AddSeconds(2), marked.First(frame => frame.Segment.Msn == 8).Segment.ProgramDateTime);
    }

    [Fact]
    public void The_first_segment_settles_the_target_duration_and_later_ones_are_held_to_it()
    {
        var marker = new SegmentMarker(Plan());
        var marked = Mark(marker, [.. Pictures(0, 100, gop: 100), .. Pictures(100, 300, gop: 300)]);

        Assert.Equal(4, marker.TargetDuration);
        Assert.Equal([true, true, false, false], marked.Select(frame => frame.Segment).Distinct().Take(4).Select(mark => mark.Independent));
        Assert.All(marked.GroupBy(frame => frame.Segment.Msn), segment => Assert.InRange(segment.Count(), 1, 100));
    }

    [Fact]
    public void Audio_belongs_to_the_segment_in_which_it_is_heard()
    {
        var frames = Pictures(0, 100, gop: 50).Concat(Sounds(0, 187)).OrderBy(frame => frame.Dts90k).ToArray();
        var marked = Mark(Plan(), frames);

        foreach (var frame in marked.Where(frame => frame.Frame.Track.Kind == TrackKind.Audio))
        {
            var heardIn = 7 + (frame.Frame.Pts90k - 90_000 * 100) / (2 * 90_000);
            Assert.Equal(heardIn, frame.Segment.Msn);
        }
    }

    [Fact]
    public void Audio_that_comes_after_the_cut_still_goes_to_the_segment_before()
    {
        var marker = new SegmentMarker(Plan());
        Mark(marker, Pictures(0, 51, gop: 50));
        marker.TryMark(Sound(90), Noon, out var late);    // 1.92 s
        marker.TryMark(Sound(94), Noon, out var next);    // 2.005 s

        Assert.Equal((7, 8), (late.Segment.Msn, next.Segment.Msn));
    }

    // Ticks of 90 kHz from frame to frame: pictures at 24, 25, 29.97, 30, 50 and 60 a second, and as milliseconds; AAC at 48, 44.1 and 32 kHz, Opus.
    [Theory]
    [InlineData(3_750)]
    [InlineData(3_600)]
    [InlineData(3_003)]
    [InlineData(3_000)]
    [InlineData(1_800)]
    [InlineData(1_500)]
    [InlineData(2_970)]
    [InlineData(1_920)]
    [InlineData(2_090)]
    [InlineData(2_880)]
    public void A_segment_of_two_seconds_has_four_parts_of_half_a_second_none_longer_than_the_target_or_shorter_than_players_take(int step)
    {
        var marker = new SegmentMarker(Plan());
        marker.Follow(Video);
        var pictures = Enumerable.Range(0, 200).Select(i => Picture(i, key: i % 50 == 0));
        var track = Audio with { Timescale = 90_000 };
        var others = Enumerable.Range(0, 8 * 90_000 / step).Select(i => new Frame(track, default, (long)i * step, 0, step, FrameFlags.Key));
        var marked = Mark(marker, pictures.Concat(others).OrderBy(frame => frame.Dts90k).ThenBy(frame => frame.Track.Id)).Where(frame => frame.Frame.Track == track);

        var target = marker.Current!.PartTarget90k;
        foreach (var segment in marked.GroupBy(frame => frame.Segment.Msn))
        {
            long[] parts = [.. segment.GroupBy(frame => frame.Part).Select(part => part.Count() * (long)step)];
            Assert.Equal(4, parts.Length);
            Assert.All(parts, part => Assert.InRange(part, target * 85 / 100, target));
        }
    }

    [Fact]
    public void Where_frames_are_long_a_part_ends_before_it_exceeds_the_target()
    {
        var marker = new SegmentMarker(Plan());
        var marked = Mark(marker, Enumerable.Range(0, 200).Select(i => new Frame(Audio, default, i * 4_096L, 0, 4_096, FrameFlags.Key)));
        Assert.All(marked.GroupBy(frame => (frame.Segment.Msn, frame.Part)), part => Assert.InRange(part.Count() * 7_680, 7_680, marker.Current!.PartTarget90k));
    }

    [Fact]
    public void A_new_configuration_of_the_leading_track_starts_a_discontinuity_at_its_key_frame()
    {
        var bigger = Video with { DecoderConfig = new byte[] { 9 } };
        var marked = Mark(Plan(), [.. Pictures(0, 30, gop: 50), Picture(30, key: false, bigger), Picture(31, key: true, bigger), Picture(32, key: false, bigger)]);

        Assert.Equal(32, marked.Count);
        Assert.Equal((8, 4, true), (marked[^1].Segment.Msn, marked[^1].Segment.DiscontinuitySequence, marked[^1].Segment.StartsDiscontinuity));
    }

    [Fact]
    public void A_new_configuration_of_audio_waits_for_the_discontinuity_that_it_asks_for()
    {
        var other = Audio with { DecoderConfig = new byte[] { 9 } };
        var marked = Mark(Plan(),
            [.. Pictures(0, 10, gop: 10), Sound(0), Sound(20, other), .. Pictures(10, 1, gop: 1), Sound(21, other)]);

        var last = marked[^1];
        Assert.Equal((other, 8, true), (last.Frame.Track, last.Segment.Msn, last.Segment.StartsDiscontinuity));
        Assert.Equal(1, marked.Count(frame => frame.Frame.Track == other));
    }

    [Fact]
    public void Audio_alone_is_cut_by_time()
    {
        var marked = Mark(Plan(), Sounds(0, 200));

        Assert.Equal([7, 8, 9], marked.Select(frame => frame.Segment.Msn).Distinct());
        Assert.All(marked, frame => Assert.True(frame.Segment.Independent));
    }

    [Fact]
    public void Where_video_stops_audio_keeps_the_segments_coming_and_video_leads_again_when_it_is_back()
    {
        var marker = new SegmentMarker(Plan());
        marker.Follow(Video);
        var marked = Mark(marker, [.. Pictures(0, 50, gop: 50), .. Sounds(0, 700), .. Pictures(380, 20, gop: 10)]);

        var audioSegments = marked.Where(frame => frame.Frame.Track == Audio).Select(frame => frame.Segment.Msn).Distinct().ToArray();
        Assert.True(audioSegments.Length >= 5, string.Join(' ', audioSegments));
        Assert.Equal(marked.First(frame => frame.Frame.Dts > 90_000 * 110 && frame.Frame.Track == Video).Segment.Msn, audioSegments[^1] + 1);
    }

    [Fact]
    public void A_second_lease_goes_on_with_number_timeline_and_discontinuity()
    {
        var plan = Plan() with { Epoch = 2, FirstMsn = 40, DiscontinuitySequence = 5, StartsDiscontinuity = true, Start90k = 9_000_000, TargetDuration = 2 };
        var marker = new SegmentMarker(plan);
        Assert.Equal((40, 4), (marker.NextMsn, marker.DiscontinuitySequence));

        marker.TryMark(Picture(500, key: true), Noon, out var first);

        Assert.Equal((40, 5, true, 9_000_000), (first.Segment.Msn, first.Segment.DiscontinuitySequence, first.Segment.StartsDiscontinuity, first.Frame.Pts));
        Assert.Equal((41, 5), (marker.NextMsn, marker.DiscontinuitySequence));
    }

    static SegmentationPlan Plan() => new()
    {
        Epoch = 1,
        FirstMsn = 7,
        DiscontinuitySequence = 3,
        StartsDiscontinuity = false,
        Start90k = 90_000 * 100,
        TargetDuration = 0,
        SegmentDuration = TimeSpan.FromSeconds(2),
        PartDuration = TimeSpan.FromMilliseconds(500),
    };

    static List<MarkedFrame> Mark(SegmentationPlan plan, IEnumerable<Frame> frames) => Mark(new SegmentMarker(plan), frames);

    static List<MarkedFrame> Mark(SegmentMarker marker, IEnumerable<Frame> frames)
    {
        var marked = new List<MarkedFrame>();
        foreach (var frame in frames)
        {
            if (marker.TryMark(frame, Noon, out var one))
            {
                marked.Add(one);
            }
        }

        return marked;
    }

    static IEnumerable<Frame> Pictures(int first, int count, int gop) =>
        Enumerable.Range(first, count).Select(n => Picture(n, (n - first) % gop == 0));

    static Frame Picture(int number, bool key, TrackInfo? track = null) =>
        new(track ?? Video, default, number * 90_000L / Fps, 0, 0, key ? FrameFlags.Key : FrameFlags.None);

    static IEnumerable<Frame> Sounds(int first, int count) => Enumerable.Range(first, count).Select(n => Sound(n));

    static Frame Sound(int number, TrackInfo? track = null) => new(track ?? Audio, default, number * 1024L, 0, 1024, FrameFlags.Key);
}
