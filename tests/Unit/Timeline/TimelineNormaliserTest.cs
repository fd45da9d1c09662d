using Tributary.Media.Frames;
using Tributary.Media.Timeline;

namespace Tributary.Unit.Timeline;

public class TimelineNormaliserTest
{
    static readonly TrackInfo Video = new() { Id = 1, Codec = Codec.H264, Timescale = 90_000 };
    static readonly TrackInfo Audio = new() { Id = 101, Codec = Codec.Aac, Timescale = 48_000, SampleRate = 48_000, SamplesPerFrame = 1024 };

    readonly TimelineNormaliser _normaliser = new(new TimelineOptions());
    TimeSpan _now;

    [Fact]
    public void An_even_stream_keeps_its_distances()
    {
        var times = Feed(Video, 5_000, 5_033, 5_067, 5_100);

        Assert.Equal([0, 33 * 90, 67 * 90, 100 * 90], times);
        Assert.Equal(0, _normaliser.Mended);
    }

    [Theory]
    [InlineData(30_000, 3_000)]
    [InlineData(25_000, 3_600)]
    [InlineData(29_970, 3_003)]
    [InlineData(59_940, 1_501.5)]
    public void Pictures_lie_on_the_grid_of_a_declared_frame_rate(int rate, double step)
    {
        var track = Video with { MilliFramesPerSecond = rate };
        for (var n = 0; n < 2_000; n++)
        {
            // What an encoder does: it truncates each time to milliseconds. Every third picture is shown two later.
            var (dts, pts) = ((long)(n * step / 90), (long)((n + (n % 3 == 0 ? 2 : 0)) * step / 90));
            var frame = Normalise(track, dts, (int)(pts - dts));

            Assert.InRange(frame.Dts - n * step, -0.51, 0.51);
            Assert.InRange(frame.Pts - (n + (n % 3 == 0 ? 2 : 0)) * step, -0.51, 0.51);
        }
    }

    [Fact]
    public void Pictures_that_do_not_keep_the_declared_rate_pass_as_they_are()
    {
        var times = Feed(Video with { MilliFramesPerSecond = 30_000 }, 0, 20, 95, 110, 150);

        Assert.Equal([0, 20 * 90, 95 * 90, 110 * 90, 150 * 90], times);
    }

    [Fact]
    public void Audio_lies_on_its_sample_grid_although_the_wire_counts_milliseconds()
    {
        var times = Feed(Audio, 0, 21, 43, 64, 85, 107, 128);

        Assert.Equal([0, 1024, 2048, 3072, 4096, 5120, 6144], times);
    }

    [Theory]
    [InlineData(1L << 24)]
    [InlineData(1L << 31)]
    [InlineData(1L << 32)]
    public void A_wrap_is_not_seen(long wrap)
    {
        var before = wrap - 40;
        var times = Feed(Video, before, before + 20, (before + 40) % wrap, (before + 60) % wrap, (before + 80) % wrap);

        Assert.All(times.Zip(times.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 1, 40 * 90));
        Assert.Equal(wrap == 1L << 24 || wrap == 1L << 31 ? 1 : 0, _normaliser.Mended);
    }

    [Theory]
    [InlineData(37_600_000)]
    [InlineData(-9_800_000)]
    [InlineData(3_000)]
    [InlineData(-600)]
    public void A_jump_of_the_clock_is_closed_and_the_tracks_stay_in_step(long jump)
    {
        const long Start = 20_000_000;
        Feed(Video, Start, Start + 40, Start + 80);
        Feed(Audio, Start + 80, Start + 101);
        var video = Feed(Video, Start + 120 + jump, Start + 160 + jump);
        var audio = Feed(Audio, Start + 122 + jump, Start + 144 + jump);

        Assert.Equal([120 * 90, 160 * 90], video);
        Assert.Equal([80 * 48 + 2048, 80 * 48 + 3072], audio);
        Assert.Equal(1, _normaliser.Mended);
    }

    [Fact]
    public void One_wild_timestamp_costs_that_frame_its_place_and_no_other()
    {
        var times = Feed(Video, 1_000_000, 1_000_040, 38_600_000, 1_000_120, 1_000_160);

        Assert.Equal([0, 40 * 90, 80 * 90, 120 * 90, 160 * 90], times);
    }

    [Fact]
    public void A_restart_at_zero_goes_on_where_it_was()
    {
        var times = Feed(Video, 60_000, 60_040, 0, 40, 80);

        Assert.Equal([0, 40 * 90, 80 * 90, 120 * 90, 160 * 90], times);
    }

    [Fact]
    public void Equal_and_falling_decoding_times_still_rise()
    {
        var times = Feed(Video, 1_000, 1_040, 1_040, 1_030, 1_120, 1_160);

        Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Second > pair.First));
        Assert.Equal(160 * 90, times[^1]);
    }

    [Fact]
    public void A_clock_that_went_back_a_little_for_good_is_followed_after_three_frames()
    {
        var times = Feed(Video, 1_000, 1_040, 740, 780, 820, 860, 900);

        Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Second > pair.First));
        Assert.Equal(40 * 90, times[^1] - times[^2]);
    }

    [Fact]
    public void A_pause_that_really_passed_stays_a_pause()
    {
        Feed(Video, 0, 40);
        _now += TimeSpan.FromSeconds(20);

        Assert.Equal([20_040 * 90], Feed(Video, 20_040));
        Assert.Equal(0, _normaliser.Mended);
    }

    [Fact]
    public void Composition_offsets_are_kept_and_impossible_ones_are_not()
    {
        Assert.Equal(0, Normalise(Video, 0, 0).CompositionOffset);
        Assert.Equal(80 * 90, Normalise(Video, 40, 80).CompositionOffset);
        Assert.Equal(0, Normalise(Video, 80, 8_388_607).CompositionOffset);
    }

    [Fact]
    public void Negative_composition_offsets_become_earlier_decoding_and_pictures_keep_their_time()
    {
        int[] offsets = [0, 80, -40, -40, 0, 80, -40, -40, 0];
        var frames = offsets.Select((offset, n) => Normalise(Video, n * 40, offset)).ToArray();

        Assert.All(frames, frame => Assert.True(frame.CompositionOffset >= 0));
        Assert.All(frames.Zip(frames.Skip(1)), pair => Assert.True(pair.Second.Dts > pair.First.Dts));
        Assert.Equal(offsets.Select((offset, n) => (n * 40L + offset) * 90).Skip(4), frames.Select(frame => frame.Pts).Skip(4));
    }

    [Fact]
    public void Audio_that_ran_ahead_is_thinned_until_it_is_in_step()
    {
        // 100 frames stamped 20 ms apart last 21.33 ms each: the grid runs away from the stamps by 133 ms.
        var stamped = Enumerable.Range(0, 100).Select(n => n * 20L).ToArray();
        var kept = stamped.Count(ms => TryFeed(Audio, ms, 0, out _));

        Assert.InRange(kept, 93, 97);
        Assert.Equal(100 - kept, _normaliser.Refused);
    }

    [Fact]
    public void No_input_makes_a_track_fall_or_throws()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var normaliser = new TimelineNormaliser(new TimelineOptions());
            var last = new Dictionary<int, long>();
            for (var i = 0; i < 200; i++)
            {
                var track = random.Next(2) == 0 ? Video : Audio;
                var raw = random.Next(4) == 0 ? random.NextInt64(1L << 32) : i * 20;
                var frame = new Frame(track, default, raw, random.Next(-1 << 23, 1 << 23), 0, FrameFlags.None);
                _now += TimeSpan.FromMilliseconds(random.Next(40));
                if (normaliser.TryNormalise(ref frame, SourceClock.Rtmp, _now))
                {
                    Assert.True(!last.TryGetValue(track.Id, out var before) || frame.Dts > before, $"seed {seed}, frame {i}");
                    last[track.Id] = frame.Dts;
                }
            }
        }
    }

    long[] Feed(TrackInfo track, params long[] milliseconds) => [.. milliseconds.Select(ms => Normalise(track, ms, 0).Dts)];

    Frame Normalise(TrackInfo track, long milliseconds, int offset)
    {
        Assert.True(TryFeed(track, milliseconds, offset, out var frame));
        return frame;
    }

    bool TryFeed(TrackInfo track, long milliseconds, int offset, out Frame frame)
    {
        frame = new Frame(track, default, milliseconds, offset, 0, FrameFlags.None);
        _now += TimeSpan.FromMilliseconds(1);
        return _normaliser.TryNormalise(ref frame, SourceClock.Rtmp, _now);
    }
}
