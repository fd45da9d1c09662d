using System.Buffers;
using System.Text;
using System.Text.Json;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Flv;

/// <summary>A data message: a name and its values (Video File Format 10.1, E.4.4.2). Encoders put <c>@setDataFrame</c> before what is to be kept.</summary>
readonly record struct FlvScript(string Name, IReadOnlyList<AmfValue> Values)
{
    const int MostValues = 16;

    // Between servers and players, not from an encoder to its viewers.
    static readonly string[] OfTheProtocol = ["|RtmpSampleAccess", "@clearDataFrame", "onStatus"];

    public static bool TryRead(ReadOnlySpan<byte> message, out FlvScript script)
    {
        script = default;
        var reader = new Amf0Reader(message);
        if (!reader.TryRead(out var name) || name.String == "@setDataFrame" && !reader.TryRead(out name) || name.String.Length == 0)
        {
            return false;
        }

        var values = new List<AmfValue>();
        while (values.Count < MostValues && !reader.AtEnd && reader.TryRead(out var value))
        {
            values.Add(value);
        }

        script = new FlvScript(name.String, values);
        return true;
    }

    /// <summary>The first object; null where there is none.</summary>
    AmfValue Object => Values.FirstOrDefault(static value => value.HasProperties) ?? AmfValue.Null;

    bool IsNamedObject => Object["objectType"].String.Length > 0;

    /// <summary>What the encoder says of itself; false where it says something else.</summary>
    public bool TryGetDeclaration(out AmfValue declaration)
    {
        declaration = Object;
        return Name == "onMetaData" && declaration.HasProperties && !IsNamedObject;
    }

    /// <summary>
    /// What it says to viewers, as JSON in ASCII: an object that names its <c>objectType</c> by itself, all else under the message's name. False where
    /// it says nothing to them, or too much.
    /// </summary>
    public bool TryWriteJson(out string text)
    {
        text = "";
        if (Values.Count == 0 || Name == "onMetaData" && !IsNamedObject || OfTheProtocol.Contains(Name))
        {
            return false;
        }

        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes))   // its default encoder leaves ASCII alone as it is
        {
            WriteJson(json);
        }

        text = bytes.WrittenCount <= TimedMetadata.MaxLength ? Encoding.ASCII.GetString(bytes.WrittenSpan) : "";
        return text.Length > 0;
    }

    void WriteJson(Utf8JsonWriter json)
    {
        if (IsNamedObject)
        {
            json.WriteAmf(Object);
            return;
        }

        json.WriteStartObject();
        json.WritePropertyName(Name);
        if (Values.Count == 1)
        {
            json.WriteAmf(Values[0]);
        }
        else
        {
            json.WriteAmf(Values);
        }

        json.WriteEndObject();
    }
}
