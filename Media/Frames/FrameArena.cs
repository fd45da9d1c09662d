namespace Tributary.Media.Frames;

/// <summary>
/// Hands out frame memory to one writer (a connection): slices of its current slab, one after another. Not thread-safe; the slices are.
/// </summary>
public sealed class FrameArena(FramePool pool) : IDisposable
{
    FrameSlab? _slab;
    int _used;

    /// <summary>Memory for <paramref name="length"/> bytes, not cleared, with one reference that the caller owns.</summary>
    public FrameData Allocate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length > pool.SlabSize)
        {
            return new FrameData(pool.Rent(length), 0, length);   // its only reference is the caller's
        }

        if (_slab is null || _slab.Bytes.Length - _used < length)
        {
            _slab?.Release();
            _slab = pool.Rent(length);
            _used = 0;
        }

        _slab.Retain();
        var data = new FrameData(_slab, _used, length);
        _used += length;
        return data;
    }

    /// <summary>A copy of <paramref name="bytes"/>, with one reference that the caller owns.</summary>
    public FrameData Copy(ReadOnlySpan<byte> bytes)
    {
        var data = Allocate(bytes.Length);
        bytes.CopyTo(data.Writable);
        return data;
    }

    public void Dispose()
    {
        _slab?.Release();
        _slab = null;
    }
}
