using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Tributary.Protocols.Amf;

/// <summary>Writes AMF 0 values (AMF 0 specification §2) one after another.</summary>
public readonly struct Amf0Writer(IBufferWriter<byte> output)
{
    public Amf0Writer Number(double value)
    {
        var span = output.GetSpan(9);
        span[0] = 0x00;
        BinaryPrimitives.WriteDoubleBigEndian(span[1..], value);
        output.Advance(9);
        return this;
    }

    public Amf0Writer Boolean(bool value) => Bytes(0x01, value ? (byte)1 : (byte)0);

    public Amf0Writer Null() => Bytes(0x05);

    public Amf0Writer Undefined() => Bytes(0x06);

    /// <summary>A string, as a long string where it is longer than 65,535 bytes.</summary>
    public Amf0Writer String(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        var head = length > ushort.MaxValue ? 5 : 3;
        var span = output.GetSpan(head + length);
        if (head == 3)
        {
            span[0] = 0x02;
            BinaryPrimitives.WriteUInt16BigEndian(span[1..], (ushort)length);
        }
        else
        {
            span[0] = 0x0C;
            BinaryPrimitives.WriteUInt32BigEndian(span[1..], (uint)length);
        }

        Encoding.UTF8.GetBytes(value, span[head..]);
        output.Advance(head + length);
        return this;
    }

    public Amf0Writer BeginObject() => Bytes(0x03);

    public Amf0Writer BeginEcmaArray(int count) => Counted(0x08, count);

    public Amf0Writer BeginStrictArray(int count) => Counted(0x0A, count);

    /// <summary>Ends an object or ECMA array.</summary>
    public Amf0Writer End() => Bytes(0x00, 0x00, 0x09);

    /// <summary>The name of the property whose value is written next: 65,535 bytes at most.</summary>
    public Amf0Writer Name(string name)
    {
        var length = Encoding.UTF8.GetByteCount(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, ushort.MaxValue, nameof(name));
        var span = output.GetSpan(2 + length);
        BinaryPrimitives.WriteUInt16BigEndian(span, (ushort)length);
        Encoding.UTF8.GetBytes(name, span[2..]);
        output.Advance(2 + length);
        return this;
    }

    public Amf0Writer Property(string name, string value) => Name(name).String(value);

    public Amf0Writer Property(string name, double value) => Name(name).Number(value);

    public Amf0Writer Property(string name, bool value) => Name(name).Boolean(value);

    public Amf0Writer Value(AmfValue value)
    {
        switch (value.Kind)
        {
            case AmfKind.Number:
                return Number(value.Number);
            case AmfKind.Boolean:
                return Boolean(value.Boolean);
            case AmfKind.String:
                return String(value.String);
            case AmfKind.Date:
                return Date(value.Number);
            case AmfKind.Object:
                BeginObject();
                return Properties(value);
            case AmfKind.EcmaArray:
                BeginEcmaArray(value.Properties.Count);
                return Properties(value);
            case AmfKind.StrictArray:
                BeginStrictArray(value.Elements.Count);
                foreach (var element in value.Elements)
                {
                    Value(element);
                }

                return this;
            default:
                return Null();
        }
    }

    Amf0Writer Properties(AmfValue value)
    {
        foreach (var property in value.Properties)
        {
            Name(property.Name).Value(property.Value);
        }

        return End();
    }

    Amf0Writer Date(double milliseconds)
    {
        var span = output.GetSpan(11);
        span[0] = 0x0B;
        BinaryPrimitives.WriteDoubleBigEndian(span[1..], milliseconds);
        span[9..11].Clear();   // time zone: reserved, 0
        output.Advance(11);
        return this;
    }

    Amf0Writer Counted(byte marker, int count)
    {
        var span = output.GetSpan(5);
        span[0] = marker;
        BinaryPrimitives.WriteUInt32BigEndian(span[1..], (uint)count);
        output.Advance(5);
        return this;
    }

    Amf0Writer Bytes(params ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        return this;
    }
}
