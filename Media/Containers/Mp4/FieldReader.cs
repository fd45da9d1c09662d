using System.Buffers.Binary;

namespace Tributary.Media.Containers.Mp4;

/// <summary>Reads fields one after another; behind the end they are 0, and <see cref="Overrun"/> says so.</summary>
ref struct FieldReader(ReadOnlySpan<byte> data)
{
    ReadOnlySpan<byte> _rest = data;

    public bool Overrun { get; private set; }

    public uint U32() => Take(4, out var field) ? BinaryPrimitives.ReadUInt32BigEndian(field) : 0;

    /// <summary>Negative where it is more than 63 bits.</summary>
    public long U64() => Take(8, out var field) ? BinaryPrimitives.ReadInt64BigEndian(field) : 0;

    public void Skip(int bytes) => Take(bytes, out _);

    bool Take(int bytes, out ReadOnlySpan<byte> field)
    {
        Overrun |= bytes > _rest.Length;
        field = Overrun ? default : _rest[..bytes];
        _rest = Overrun ? default : _rest[bytes..];
        return !Overrun;
    }
}
