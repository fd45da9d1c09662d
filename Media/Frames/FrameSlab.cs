using System.Diagnostics;

namespace Tributary.Media.Frames;

/// <summary>
/// A block of memory that frames are slices of. It counts its references and goes back to its pool with the last of them; since frames are let
/// go in the order in which they came, a slab is rarely kept for one frame alone.
/// </summary>
public sealed class FrameSlab
{
    readonly FramePool _pool;
    int _references;

    internal FrameSlab(FramePool pool, int size)
    {
        _pool = pool;
        Bytes = GC.AllocateUninitializedArray<byte>(size, pinned: true);
    }

    internal byte[] Bytes { get; }

    internal int References => Volatile.Read(ref _references);

    internal void Open()
    {
        var before = Interlocked.Exchange(ref _references, 1);
        Debug.Assert(before == 0, "A slab was handed out while somebody still read it.");
    }

    internal void Retain()
    {
        if (Interlocked.Increment(ref _references) <= 1)
        {
            throw new InvalidOperationException("A frame was retained after its memory had gone back to the pool.");
        }
    }

    internal void Release()
    {
        var left = Interlocked.Decrement(ref _references);
        if (left == 0)
        {
            _pool.Return(this);
        }
        else if (left < 0)
        {
            throw new InvalidOperationException("A frame was released twice.");
        }
    }
}
