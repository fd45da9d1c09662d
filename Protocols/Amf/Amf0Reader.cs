using System.Buffers.Binary;
using System.Text;

namespace Tributary.Protocols.Amf;

/// <summary>
/// Reads the values of one AMF 0 message one after another (AMF 0 specification §2). It never throws: false means that the bytes are no AMF
/// or ask for more than <see cref="AmfLimits"/> allow, and nothing after that can be read.
/// </summary>
public ref struct Amf0Reader(ReadOnlySpan<byte> data, AmfLimits limits)
{
    const byte NumberMarker = 0x00, BooleanMarker = 0x01, StringMarker = 0x02, ObjectMarker = 0x03, NullMarker = 0x05,
        UndefinedMarker = 0x06, ReferenceMarker = 0x07, EcmaArrayMarker = 0x08, ObjectEndMarker = 0x09, StrictArrayMarker = 0x0A,
        DateMarker = 0x0B, LongStringMarker = 0x0C, UnsupportedMarker = 0x0D, XmlMarker = 0x0F, TypedObjectMarker = 0x10, AvmPlusMarker = 0x11;

    ReadOnlySpan<byte> _rest = data;
    int _elements = limits.MaxElements;
    bool _failed;

    public Amf0Reader(ReadOnlySpan<byte> data)
        : this(data, AmfLimits.Default)
    {
    }

    /// <summary>Whether every byte was read.</summary>
    public readonly bool AtEnd => _rest.IsEmpty;

    public readonly int Remaining => _rest.Length;

    /// <summary>The next value; false at the end of the message too.</summary>
    public bool TryRead(out AmfValue value)
    {
        if (!_failed && TryReadValue(0, out value))
        {
            return true;
        }

        _failed = true;
        value = AmfValue.Null;
        return false;
    }

    bool TryReadValue(int depth, out AmfValue value)
    {
        value = AmfValue.Null;
        if (depth > limits.MaxDepth || --_elements < 0 || !TryTake(1, out var marker))
        {
            return false;
        }

        switch (marker[0])
        {
            case NumberMarker:
                if (!TryTake(8, out var number))
                {
                    return false;
                }

                value = AmfValue.Of(BinaryPrimitives.ReadDoubleBigEndian(number));
                return true;
            case BooleanMarker:
                if (!TryTake(1, out var boolean))
                {
                    return false;
                }

                value = AmfValue.Of(boolean[0] != 0);
                return true;
            case StringMarker:
                return TryReadText(2, out var text) && Give(AmfValue.Of(text), out value);
            case LongStringMarker or XmlMarker:
                return TryReadText(4, out var longText) && Give(AmfValue.Of(longText), out value);
            case ObjectMarker:
                return TryReadProperties(depth, out var properties) && Give(AmfValue.Object(properties), out value);
            case TypedObjectMarker:
                return TryReadText(2, out _) && TryReadProperties(depth, out var typed) && Give(AmfValue.Object(typed), out value);
            case EcmaArrayMarker:
                // Its count is a hint that encoders get wrong (§2.10); the end marker counts.
                return TryTake(4, out _) && TryReadProperties(depth, out var array) && Give(AmfValue.EcmaArray(array), out value);
            case StrictArrayMarker:
                return TryReadElements(depth, out var elements) && Give(AmfValue.StrictArray(elements), out value);
            case DateMarker:
                return TryTake(10, out var date) && Give(AmfValue.Date(BinaryPrimitives.ReadDoubleBigEndian(date)), out value);
            case ReferenceMarker:
                return TryTake(2, out _);   // points at an object of the same message: no media peer needs what it says
            case NullMarker or UndefinedMarker or UnsupportedMarker:
                return true;
            case AvmPlusMarker:
                return TryReadAmf3(depth, out value);
            default:
                return false;
        }
    }

    static bool Give(AmfValue read, out AmfValue value)
    {
        value = read;
        return true;
    }

    bool TryReadProperties(int depth, out List<AmfProperty> properties)
    {
        properties = [];
        while (TryReadText(2, out var name))
        {
            if (name.Length == 0 && _rest.Length > 0 && _rest[0] == ObjectEndMarker)
            {
                _rest = _rest[1..];
                return true;
            }

            if (!TryReadValue(depth + 1, out var value))
            {
                return false;
            }

            properties.Add(new AmfProperty(name, value));
        }

        return false;
    }

    bool TryReadElements(int depth, out List<AmfValue> elements)
    {
        elements = [];
        if (!TryTake(4, out var head))
        {
            return false;
        }

        // Each element takes a byte at least, so a count beyond the rest is a lie; nothing is allocated from it.
        var count = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (count > _rest.Length || count > _elements)
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            if (!TryReadValue(depth + 1, out var element))
            {
                return false;
            }

            elements.Add(element);
        }

        return true;
    }

    bool TryReadAmf3(int depth, out AmfValue value)
    {
        var reader = new Amf3Reader(_rest, limits, _elements);
        var read = reader.TryRead(depth, out value);
        _rest = reader.Rest;
        _elements = reader.ElementsLeft;
        return read;
    }

    bool TryReadText(int lengthBytes, out string text)
    {
        text = "";
        if (!TryTake(lengthBytes, out var head))
        {
            return false;
        }

        var length = lengthBytes == 2 ? BinaryPrimitives.ReadUInt16BigEndian(head) : BinaryPrimitives.ReadUInt32BigEndian(head);
        if (length > limits.MaxStringBytes || !TryTake((int)length, out var bytes))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(bytes);
        return true;
    }

    bool TryTake(int count, out ReadOnlySpan<byte> bytes)
    {
        if (_rest.Length < count)
        {
            bytes = default;
            return false;
        }

        bytes = _rest[..count];
        _rest = _rest[count..];
        return true;
    }
}
