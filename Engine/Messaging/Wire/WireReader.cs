using System.Buffers.Binary;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>Reads the fields of a message one after another; a length that the message has not is a <see cref="SerializerException"/>.</summary>
ref struct WireReader(ReadOnlySpan<byte> message)
{
    ReadOnlySpan<byte> _rest = message;

    public byte Byte() => Take(1)[0];

    public bool Flag() => Byte() != 0;

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    /// <summary>Bytes behind their length in four bytes.</summary>
    public ReadOnlySpan<byte> Long() => Take(Int32());

    /// <summary>Bytes behind their length in two bytes.</summary>
    public ReadOnlySpan<byte> Short() => Take(BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));

    /// <summary>The bytes of an IP address, port and generation; no bytes for no address.</summary>
    public SiloAddress? Address() => Byte() switch
    {
        0 => null,
        4 => KnownAddresses.Of(Take(4), Port(), Int32()),
        16 => KnownAddresses.Of(Take(16), Port(), Int32()),
        var length => throw new SerializerException($"An address of {length} bytes is none.")
    };

    public GrainId Grain()
    {
        var type = Short();
        var key = Short();
        return type.IsEmpty ? default : new GrainId(KnownTypes.Of(type), new IdSpan(key.ToArray()));
    }

    ushort Port() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    ReadOnlySpan<byte> Take(int length)
    {
        if ((uint)length > (uint)_rest.Length)
        {
            throw new SerializerException($"A part of {length} bytes is longer than the rest of the message, {_rest.Length}.");
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
