using Tributary.Media.Frames;

namespace Tributary.Unit.Frames;

public class FramePoolTest
{
    [Fact]
    public void Memory_goes_back_when_the_last_holder_lets_go()
    {
        var pool = new FramePool(1_024) { Poison = true };
        var arena = new FrameArena(pool);
        var frame = arena.Copy([1, 2, 3]);
        frame.Retain();
        arena.Dispose();

        frame.Release();
        Assert.Equal((1, "010203"), (pool.SlabsInUse, Convert.ToHexString(frame.Span)));
        frame.Release();
        Assert.Equal((0, 0L), (pool.SlabsInUse, pool.BytesInUse));
        Assert.Equal("DDDDDD", Convert.ToHexString(frame.Span));   // poisoned: a late reader is seen
    }

    [Fact]
    public void Frames_share_a_slab_until_it_is_full()
    {
        var pool = new FramePool(1_000);
        using var arena = new FrameArena(pool);
        var frames = Enumerable.Range(0, 10).Select(_ => arena.Allocate(300)).ToArray();

        Assert.Equal(4, pool.SlabsInUse);
        Array.ForEach(frames, frame => frame.Release());
        Assert.Equal(1, pool.SlabsInUse);
    }

    [Fact]
    public void A_frame_larger_than_a_slab_has_memory_of_its_own_that_is_not_kept()
    {
        var pool = new FramePool(1_000);
        using var arena = new FrameArena(pool);
        var large = arena.Allocate(5_000);

        Assert.Equal(5_000, pool.BytesInUse);
        large.Release();
        Assert.Equal(0, pool.BytesInUse);
    }

    [Fact]
    public void Letting_go_twice_is_found_at_once()
    {
        var arena = new FrameArena(new FramePool(1_000));
        var frame = arena.Allocate(10);
        arena.Dispose();
        frame.Release();

        Assert.Throws<InvalidOperationException>(frame.Release);
        Assert.Throws<InvalidOperationException>(frame.Retain);
    }

    [Fact]
    public void Nothing_is_allocated_per_frame()
    {
        var pool = new FramePool();
        using var arena = new FrameArena(pool);
        var payload = new byte[5_000];
        void Pass(int count)
        {
            for (var i = 0; i < count; i++)
            {
                arena.Copy(payload).Release();
            }
        }

        Pass(1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Pass(1_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
