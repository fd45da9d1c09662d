using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace Orleans.Runtime;

/// <summary>The message that a thread writes: fields and text one after another in one buffer, which the thread keeps for the next.</summary>
sealed class WireWriter : IBufferWriter<byte>
{
    const int MostKept = 1 << 20;

    [ThreadStatic]
    static WireWriter? _ofThread;

    [ThreadStatic]
    static Utf8JsonWriter? _text;

    byte[] _bytes = new byte[1024];
    int _length;

    /// <summary>An empty message behind <paramref name="space"/> free bytes.</summary>
    public static WireWriter Begin(int space)
    {
        var writer = _ofThread ??= new WireWriter();
        if (writer._bytes.Length > MostKept)
        {
            writer._bytes = new byte[1024];
        }

        writer._length = space;
        return writer;
    }

    public byte[] ToArray() => _bytes.AsSpan(0, _length).ToArray();

    public void Byte(byte value)
    {
        GetSpan(1)[0] = value;
        _length++;
    }

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(GetSpan(4), value);
        _length += 4;
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(GetSpan(8), value);
        _length += 8;
    }

    public void Long(ReadOnlySpan<byte> bytes)
    {
        Int32(bytes.Length);
        Raw(bytes);
    }

    public void Short(ReadOnlySpan<byte> bytes)
    {
        UInt16(checked((ushort)bytes.Length));
        Raw(bytes);
    }

    public void Address(SiloAddress? address)
    {
        if (address is null)
        {
            Byte(0);
            return;
        }

        var place = GetSpan(17);
        address.Endpoint.Address.TryWriteBytes(place[1..], out var length);
        place[0] = (byte)length;
        _length += 1 + length;
        UInt16((ushort)address.Endpoint.Port);
        Int32(address.Generation);
    }

    public void Grain(GrainId grain)
    {
        Short(grain.Type.AsSpan());
        Short(grain.Key.AsSpan());
    }

    /// <summary>Text behind its length.</summary>
    public void Text<T>(T content, Action<Utf8JsonWriter, T> write)
    {
        var at = _length;
        Int32(0);
        var text = _text ??= new Utf8JsonWriter(this);
        text.Reset(this);
        write(text, content);
        text.Flush();
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(at), _length - at - 4);
    }

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(_length);
    }

    void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(GetSpan(2), value);
        _length += 2;
    }

    void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        _length += bytes.Length;
    }

    void Reserve(int size)
    {
        var needed = _length + Math.Max(size, 1);
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(needed, _bytes.Length * 2));
        }
    }
}
