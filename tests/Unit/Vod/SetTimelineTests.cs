using Tributary.Media.Sets;

namespace Tributary.Unit.Vod;

public sealed class SetTimelineTests
{
    static MediaSetDescription Set(params long[] durations) => new()
    {
        Durations = durations,
        Sequences = [new SequenceDescription { Clips = [.. durations.Select(_ => new SourceClip { Path = "file" })] }],
    };

    static SetTimeline TimelineOf(MediaSetDescription set) => SetTimeline.Create(set, new SegmentationOptions(), set.Durations);

    [Fact]
    public void Clips_that_may_differ_are_cut_each_on_its_own()
    {
        var timeline = TimelineOf(Set(25_000, 15_000));
        Assert.Equal(5, timeline.EndSegment);
        Assert.Equal([new ClipRange(0, 20_000, long.MaxValue)], timeline.RangesOf(2));
        Assert.Equal([new ClipRange(1, 0, 10_000)], timeline.RangesOf(3));
        Assert.Empty(timeline.RangesOf(5));
    }

    [Fact]
    public void Short_segments_are_at_the_beginning_of_the_first_clip_alone()
    {
        var options = new SegmentationOptions { SegmentDuration = 9_000, BootstrapSegmentDurations = [1_000, 3_000, 5_000] };
        var set = Set(25_000, 15_000);
        var timeline = SetTimeline.Create(set, options, set.Durations);
        Assert.Equal([5, 2], new[] { timeline.SegmentCountOf(0), timeline.SegmentCountOf(1) });
        Assert.Equal([new ClipRange(0, 4_000, 9_000)], timeline.RangesOf(2));
        Assert.Equal([new ClipRange(1, 0, 9_000)], timeline.RangesOf(5));
    }

    [Fact]
    public void A_time_before_the_grid_is_in_its_first_segment() => Assert.Equal(0, new SegmentSchedule(new SegmentationOptions()).IndexAt(-5));

    [Fact]
    public void One_grid_runs_through_clips_that_do_not_differ()
    {
        var timeline = TimelineOf(Set(24_000, 16_000) with { Discontinuity = false });
        Assert.Equal(4, timeline.EndSegment);
        Assert.Equal([new ClipRange(0, 20_000, long.MaxValue), new ClipRange(1, 0, 6_000)], timeline.RangesOf(2));
        Assert.Equal([new ClipRange(1, 6_000, long.MaxValue)], timeline.RangesOf(3));
    }

    [Fact]
    public void Segments_of_a_live_set_are_numbered_from_its_base()
    {
        const long Base = 1_700_000_000_000;
        var timeline = TimelineOf(Set(40_000, 40_000) with
        {
            PlaylistType = PlaylistType.Live, SegmentBaseTime = Base, ClipTimes = [Base, Base + 60_000],
        });
        Assert.Equal([0, 6], new[] { timeline.FirstSegmentOf(0), timeline.FirstSegmentOf(1) });
        Assert.Equal(Base + 70_000, timeline.TimeOf(timeline.RangesOf(7)[0]));
    }

    [Fact]
    public void A_first_clip_of_which_a_part_is_over_is_cut_as_it_was_when_it_was_whole()
    {
        const long Start = 1_700_000_000_000;
        var whole = Set(35_000, 15_000) with { PlaylistType = PlaylistType.Live, FirstClipTime = Start, InitialSegmentIndex = 153 };
        var later = Set(12_000, 15_000) with { PlaylistType = PlaylistType.Live, FirstClipTime = Start + 23_000, InitialSegmentIndex = 153, FirstClipStartOffset = 23_000 };
        var (before, after) = (TimelineOf(whole), TimelineOf(later));

        Assert.Equal((154, 2), (after.FirstSegmentOf(0), after.SegmentCountOf(0)));
        Assert.Equal([new ClipRange(0, 0, 7_000)], after.RangesOf(154));
        Assert.Equal([new ClipRange(0, 7_000, long.MaxValue)], after.RangesOf(155));
        Assert.Equal((before.FirstSegmentOf(1), before.EndSegment), (after.FirstSegmentOf(1), after.EndSegment));
        Assert.Equal(before.TimeOf(before.RangesOf(155)[0]), after.TimeOf(after.RangesOf(155)[0]));
        Assert.Equal(before.TimeOf(before.RangesOf(156)[0]), after.TimeOf(after.RangesOf(156)[0]));
    }

    [Fact]
    public void Key_frames_that_the_mapping_tells_move_boundaries()
    {
        var set = Set(30_000);
        var clip = set.Sequences[0].Clips[0] with { KeyFrameDurations = [.. Enumerable.Repeat(1_480L, 20)] };
        var timeline = TimelineOf(set with { Sequences = [set.Sequences[0] with { Clips = [clip] }] });
        Assert.Equal(new ClipRange(0, 10_360, 20_720), timeline.RangesOf(1)[0]);
    }

    [Theory]
    [InlineData(10_000, 45_000, new long[] { 20_000, 15_000 }, 10_000)]
    [InlineData(35_000, null, new long[] { 25_000 }, 5_000)]
    [InlineData(0, 30_000, new long[] { 30_000 }, 0)]
    public void A_part_of_a_set_is_a_set_of_shorter_clips(int from, int? to, long[] durations, long clipFrom)
    {
        Assert.True(SetTrimming.TryTrim(Set(30_000, 30_000) with { ClipFrom = from, ClipTo = to }, out var part));
        Assert.Equal(durations, part.Durations);
        Assert.Equal(clipFrom, ((SourceClip)part.Sequences[0].Clips[0]).ClipFrom);
    }

    [Fact]
    public void A_part_behind_the_end_is_refused() =>
        Assert.False(SetTrimming.TryTrim(Set(30_000) with { ClipFrom = 30_000 }, out _));
}
