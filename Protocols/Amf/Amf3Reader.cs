using System.Buffers.Binary;
using System.Text;

namespace Tributary.Protocols.Amf;

/// <summary>
/// Reads one AMF 3 value (AMF 3 specification §3) where an AMF 0 message switches to it with the avmplus marker. Media peers send next to
/// none, so it knows the plain types; references read as null, dictionaries, vectors and externalizable objects are refused.
/// </summary>
ref partial struct Amf3Reader(ReadOnlySpan<byte> data, AmfLimits limits, int elements)
{
    const byte Undefined = 0x00, Null = 0x01, False = 0x02, True = 0x03, Integer = 0x04, Double = 0x05, String = 0x06, XmlDocument = 0x07,
        Date = 0x08, Array = 0x09, Object = 0x0A, Xml = 0x0B, ByteArray = 0x0C;

    readonly List<string> _strings = [];
    readonly List<(string[] Names, bool Dynamic)> _traits = [];

    public ReadOnlySpan<byte> Rest { get; private set; } = data;

    public int ElementsLeft { get; private set; } = elements;

    public bool TryRead(int depth, out AmfValue value)
    {
        value = AmfValue.Null;
        ElementsLeft--;
        if (depth > limits.MaxDepth || ElementsLeft < 0 || !TryTake(1, out var marker))
        {
            return false;
        }

        switch (marker[0])
        {
            case Undefined or Null:
                return true;
            case False or True:
                value = AmfValue.Of(marker[0] == True);
                return true;
            case Integer:
                if (!TryReadU29(out var integer))
                {
                    return false;
                }

                value = AmfValue.Of((double)((int)(integer << 3) >> 3));   // 29 bits, signed
                return true;
            case Double:
                return TryReadDouble(out value);
            case String:
                if (!TryReadString(out var text))
                {
                    return false;
                }

                value = AmfValue.Of(text);
                return true;
            case Date:
                return TryReadU29(out var date) && ((date & 1) == 0 || TryReadDouble(out value));
            case XmlDocument or Xml or ByteArray:
                return TryReadU29(out var blob) && ((blob & 1) == 0 || TryTake((int)(blob >> 1), out _));
            case Array:
                return TryReadArray(depth, out value);
            case Object:
                return TryReadObject(depth, out value);
            default:
                return false;
        }
    }

    bool TryReadString(out string text)
    {
        text = "";
        if (!TryReadU29(out var head))
        {
            return false;
        }

        var rest = (int)(head >> 1);
        if ((head & 1) == 0)
        {
            if (rest >= _strings.Count)
            {
                return false;
            }

            text = _strings[rest];
            return true;
        }

        if (rest > limits.MaxStringBytes || !TryTake(rest, out var bytes))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(bytes);
        if (text.Length > 0)
        {
            _strings.Add(text);
        }

        return true;
    }

    bool TryReadDouble(out AmfValue value)
    {
        value = AmfValue.Null;
        if (!TryTake(8, out var bytes))
        {
            return false;
        }

        value = AmfValue.Of(BinaryPrimitives.ReadDoubleBigEndian(bytes));
        return true;
    }

    // 1 to 4 bytes, 7 bits each, the fourth one whole (§1.3.1).
    bool TryReadU29(out uint value)
    {
        value = 0;
        for (var i = 0; i < 4; i++)
        {
            if (!TryTake(1, out var next))
            {
                return false;
            }

            if (i == 3)
            {
                value = value << 8 | next[0];
                return true;
            }

            value = value << 7 | next[0] & 0x7Fu;
            if (next[0] < 0x80)
            {
                return true;
            }
        }

        return true;
    }

    bool TryTake(int count, out ReadOnlySpan<byte> bytes)
    {
        if ((uint)count > (uint)Rest.Length)
        {
            bytes = default;
            return false;
        }

        bytes = Rest[..count];
        Rest = Rest[count..];
        return true;
    }
}
