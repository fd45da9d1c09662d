using Tributary.Media.Sets;

namespace Tributary.Unit.Vod;

public sealed class SegmentScheduleTests
{
    static SegmentSchedule Schedule(SegmentCountPolicy policy, params long[] bootstrap) =>
        new(new SegmentationOptions { SegmentDuration = 10_000, CountPolicy = policy, BootstrapSegmentDurations = bootstrap });

    [Theory]
    [InlineData(SegmentCountPolicy.LastShort, 33_000, 4)]
    [InlineData(SegmentCountPolicy.LastLong, 33_000, 3)]
    [InlineData(SegmentCountPolicy.LastRounded, 33_000, 3)]
    [InlineData(SegmentCountPolicy.LastRounded, 38_000, 4)]
    [InlineData(SegmentCountPolicy.LastShort, 30_000, 3)]
    [InlineData(SegmentCountPolicy.LastLong, 4_000, 1)]
    [InlineData(SegmentCountPolicy.LastRounded, 4_000, 1)]
    [InlineData(SegmentCountPolicy.LastShort, 0, 0)]
    public void The_policy_says_what_becomes_of_the_rest(SegmentCountPolicy policy, long duration, int count) =>
        Assert.Equal(count, Schedule(policy).CountOf(duration));

    [Fact]
    public void Bootstrap_segments_come_first_and_the_grid_follows_them()
    {
        var schedule = Schedule(SegmentCountPolicy.LastShort, 2_000, 2_000, 4_000);
        Assert.Equal([0, 2_000, 4_000, 8_000, 18_000], Enumerable.Range(0, 5).Select(schedule.StartOf));
        Assert.Equal([0, 0, 1, 2, 2, 3, 4], new long[] { 0, 1_999, 2_000, 4_000, 7_999, 8_000, 18_000 }.Select(schedule.IndexAt));
        Assert.Equal([1, 2, 3, 4, 5], new long[] { 1_000, 4_000, 8_000, 8_001, 18_001 }.Select(schedule.CountOf));
    }

    [Fact]
    public void Every_time_lies_in_the_segment_that_it_is_said_to_lie_in()
    {
        var schedule = Schedule(SegmentCountPolicy.LastShort, 1_000, 3_000);
        for (long time = 0; time < 60_000; time += 250)
        {
            var index = schedule.IndexAt(time);
            Assert.InRange(time, schedule.StartOf(index), schedule.StartOf(index + 1) - 1);
        }
    }
}
