namespace Tributary.Media.Frames;

/// <summary>
/// The coded bytes of one frame: a slice of a <see cref="FrameSlab"/>. It is a value that may be copied; each holder that keeps it beyond the call
/// that gave it takes a reference with <see cref="Retain"/> and gives it back with <see cref="Release"/>, once.
/// </summary>
public readonly struct FrameData
{
    readonly FrameSlab? _slab;
    readonly int _offset;

    internal FrameData(FrameSlab slab, int offset, int length)
    {
        _slab = slab;
        _offset = offset;
        Length = length;
    }

    public int Length { get; }

    public ReadOnlySpan<byte> Span => _slab is null ? default : _slab.Bytes.AsSpan(_offset, Length);

    public ReadOnlyMemory<byte> Memory => _slab is null ? default : _slab.Bytes.AsMemory(_offset, Length);

    /// <summary>For the one who allocated it, until it is handed on.</summary>
    public Span<byte> Writable => _slab is null ? default : _slab.Bytes.AsSpan(_offset, Length);

    /// <summary>A part of the same bytes. It shares the reference of the whole: retain or release one of the two, not both.</summary>
    public FrameData Slice(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)start, (uint)Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)(Length - start));
        return _slab is null ? default : new FrameData(_slab, _offset + start, length);
    }

    public FrameData Slice(int start) => Slice(start, Length - start);

    public void Retain() => _slab?.Retain();

    public void Release() => _slab?.Release();
}
