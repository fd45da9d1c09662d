using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Rtmp;

/// <summary>A command message (RTMP 1.0 §7.1.1): a name, a transaction number, a command object, and arguments.</summary>
sealed record RtmpCommand(string Name, double Transaction, AmfValue Object, IReadOnlyList<AmfValue> Arguments)
{
    const int MostArguments = 8;

    /// <summary>The argument at that place, or null's stand-in.</summary>
    public AmfValue this[int argument] => argument < Arguments.Count ? Arguments[argument] : AmfValue.Null;

    /// <summary>Reads an AMF 0 body, or an AMF 3 one, whose first byte says that AMF 0 follows (§7.1.1).</summary>
    public static bool TryParse(RtmpMessageType type, ReadOnlySpan<byte> body, AmfLimits limits, out RtmpCommand command)
    {
        command = new RtmpCommand("", 0, AmfValue.Null, []);
        if (type == RtmpMessageType.CommandAmf3 && !body.IsEmpty && body[0] == 0)
        {
            body = body[1..];
        }

        var reader = new Amf0Reader(body, limits);
        if (!reader.TryRead(out var name) || name.Kind != AmfKind.String)
        {
            return false;
        }

        // Some encoders leave out what they have nothing to say in; a value that is there must be whole.
        List<AmfValue> values = [];
        while (!reader.AtEnd && values.Count < MostArguments + 2)
        {
            if (!reader.TryRead(out var value))
            {
                return false;
            }

            values.Add(value);
        }

        var transaction = values.Count > 0 ? values[0].Number : 0;
        command = new RtmpCommand(
            name.String, transaction, values.Count > 1 ? values[1] : AmfValue.Null, values.Count > 2 ? values[2..] : []);
        return true;
    }
}
