namespace Tributary.Media.Frames;

/// <summary>
/// Where frame memory comes from and goes back to. One pool serves a process; tests make their own and ask <see cref="SlabsInUse"/> at the end:
/// what is left is a leak.
/// </summary>
public sealed class FramePool(int slabSize = FramePool.DefaultSlabSize, int keptSlabs = 256)
{
    /// <summary>Bytes of an ordinary slab: about a second of a 2 Mb/s stream. A frame larger than this gets a slab of its own.</summary>
    public const int DefaultSlabSize = 256 * 1024;

    // A slab changes hands about once a second and publisher: a lock costs nothing, and a stack of fixed size allocates nothing.
    readonly Lock _gate = new();
    readonly FrameSlab[] _free = new FrameSlab[keptSlabs];
    int _kept;
    int _slabsInUse;
    long _bytesInUse;

    /// <summary>The pool of the process.</summary>
    public static FramePool Shared { get; } = new();

    public int SlabSize => slabSize;

    /// <summary>Slabs that somebody still holds: the leak ledger.</summary>
    public int SlabsInUse => Volatile.Read(ref _slabsInUse);

    /// <summary>Bytes of the slabs that somebody still holds.</summary>
    public long BytesInUse => Interlocked.Read(ref _bytesInUse);

    /// <summary>Fills returned memory with 0xDD, so that a reader that let go too early is found at once. For tests.</summary>
    public bool Poison { get; init; }

    internal FrameSlab Rent(int length)
    {
        var slab = (length <= slabSize ? TakeKept() : null) ?? new FrameSlab(this, Math.Max(length, slabSize));
        slab.Open();
        Interlocked.Increment(ref _slabsInUse);
        Interlocked.Add(ref _bytesInUse, slab.Bytes.Length);
        return slab;
    }

    internal void Return(FrameSlab slab)
    {
        Interlocked.Decrement(ref _slabsInUse);
        Interlocked.Add(ref _bytesInUse, -slab.Bytes.Length);
        if (Poison)
        {
            slab.Bytes.AsSpan().Fill(0xDD);
        }

        lock (_gate)
        {
            if (slab.Bytes.Length == slabSize && _kept < _free.Length)
            {
                _free[_kept++] = slab;
            }
        }
    }

    FrameSlab? TakeKept()
    {
        lock (_gate)
        {
            return _kept > 0 ? _free[--_kept] : null;
        }
    }
}
