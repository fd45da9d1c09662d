using Tributary.Media.Frames;

namespace Tributary.Unit.Frames;

public sealed class RescaledClockTests
{
    [Theory]
    [InlineData(48_000, 90_000)]
    [InlineData(44_100, 1_000)]
    [InlineData(30_000, 90_000)]
    [InlineData(90_000, 90_000)]
    [InlineData(1, int.MaxValue)]
    [InlineData(int.MaxValue, 1)]
    public void Goes_where_each_time_alone_is_rescaled_to(int from, int to)
    {
        var random = new Random(from);
        for (var round = 0; round < 200; round++)
        {
            var time = random.NextInt64(-1L << 30, 1L << 30);
            var clock = new RescaledClock(time, from, to);
            var usual = random.Next(-3, from / 4 + 4);
            for (var i = 0; i < 50; i++)
            {
                Assert.Equal(MediaTime.RescaleNearest(time, from, to), clock.Ticks);
                var duration = random.Next(5) > 0 ? usual : random.Next(int.MinValue, int.MaxValue);
                clock.Advance(duration);
                time += duration;
            }
        }
    }
}
