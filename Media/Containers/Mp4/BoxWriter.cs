using System.Buffers.Binary;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// Writes boxes (ISO/IEC 14496-12 §4.2) into memory that the caller measured: a box is opened, filled and closed, and closing it writes its size.
/// </summary>
ref struct BoxWriter(Span<byte> memory)
{
    readonly Span<byte> _memory = memory;

    /// <summary>Bytes written so far.</summary>
    public int Position { get; private set; }

    public readonly Span<byte> Written => _memory[..Position];

    /// <summary>Starts a box and returns its place, for <see cref="Close"/>.</summary>
    public int Open(scoped ReadOnlySpan<byte> type)
    {
        var start = Position;
        U32(0);
        Bytes(type);
        return start;
    }

    /// <summary>Starts a FullBox.</summary>
    public int Open(scoped ReadOnlySpan<byte> type, byte version, uint flags)
    {
        var start = Open(type);
        U32(((uint)version << 24) | flags);
        return start;
    }

    public readonly void Close(int start) => BinaryPrimitives.WriteUInt32BigEndian(_memory[start..], (uint)(Position - start));

    public void U8(int value) => _memory[Position++] = (byte)value;

    public void U16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_memory[Position..], (ushort)value);
        Position += 2;
    }

    public void U24(int value)
    {
        U8(value >> 16);
        U16(value);
    }

    public void U32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_memory[Position..], value);
        Position += 4;
    }

    public void I32(int value) => U32((uint)value);

    public void U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(_memory[Position..], value);
        Position += 8;
    }

    public void Bytes(scoped ReadOnlySpan<byte> value)
    {
        value.CopyTo(_memory[Position..]);
        Position += value.Length;
    }

    public void Zeros(int count)
    {
        _memory.Slice(Position, count).Clear();
        Position += count;
    }

    /// <summary>The unity matrix of mvhd and tkhd: fixed point 16.16 and, in the last column, 2.30.</summary>
    public void UnityMatrix()
    {
        U32(0x0001_0000);
        Zeros(12);
        U32(0x0001_0000);
        Zeros(12);
        U32(0x4000_0000);
    }
}
