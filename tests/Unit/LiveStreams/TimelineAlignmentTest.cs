using Tributary.Grains.LiveStreams;

namespace Tributary.Unit.LiveStreams;

/// <summary>When two encoders count as one programme.</summary>
public sealed class TimelineAlignmentTest
{
    const long Second = 90_000;
    static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_same_bytes_prove_it_whatever_the_timestamps_say()
    {
        var current = Source(stamp: 500 * Second, place: 10 * Second, content: 1);
        var next = Source(stamp: 7 * Second, place: 3 * Second, content: 1);

        Assert.Equal(1_000 + 7 * Second, TimelineAlignment.Find(current, 1_000, next));
    }

    [Fact]
    public void The_same_timestamps_prove_it_whatever_the_bytes_are() =>
        Assert.Equal(6 * Second, TimelineAlignment.Find(Source(900 * Second, 10 * Second, 1), 0, Source(900 * Second + 90, 4 * Second, 1_000)));

    [Fact]
    public void Two_encoders_that_count_from_their_own_start_prove_nothing() =>
        Assert.Null(TimelineAlignment.Find(Source(10 * Second, 10 * Second, 1), 0, Source(4 * Second + 1_000, 4 * Second, 1_000)));

    [Fact]
    public void A_loop_that_comes_round_again_later_proves_nothing() =>
        Assert.Null(TimelineAlignment.Find(Source(10 * Second, 10 * Second, 1), 0, Source(10 * Second, 10 * Second, 1, late: TimeSpan.FromSeconds(30))));

    [Fact]
    public void Another_configuration_needs_a_discontinuity() =>
        Assert.Null(TimelineAlignment.Find(Source(10 * Second, 0, 1), 0, Source(10 * Second, 0, 1) with { Configuration = 2 }));

    [Fact]
    public void A_still_picture_repeats_its_key_frames_and_proves_nothing()
    {
        var current = Source(10 * Second, 10 * Second, 1);
        current = current with { KeyFrames = [.. current.KeyFrames.Select(sight => sight with { Content = 5 })] };
        var next = Source(1_000, 0, 1);
        next = next with { KeyFrames = [.. next.KeyFrames.Select(sight => sight with { Content = 5 })] };

        Assert.Null(TimelineAlignment.Find(current, 0, next));
    }

    // Four key frames, a second apart.
    static SourcePlace Source(long stamp, long place, long content, TimeSpan late = default) => new()
    {
        Configuration = 1,
        KeyFrames = [.. Enumerable.Range(0, 4).Select(index => new KeyFrameSight(
            stamp + index * Second, place + index * Second, content + index, Noon + late + TimeSpan.FromSeconds(index)))],
    };
}
