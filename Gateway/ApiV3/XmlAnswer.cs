using System.Globalization;
using System.Text;
using System.Xml;
using Tributary.Grains.Platform.Model;

namespace Tributary.Gateway.ApiV3;

/// <summary>Results as XML: <c>objectType</c> first, elements of lists as <c>item</c>, truth as 1 and 0, and what is not set as empty elements unless left out.</summary>
sealed class XmlAnswer(XmlWriter xml, bool ignoreNull)
{
    static readonly XmlWriterSettings Settings = new() { Encoding = new UTF8Encoding(false), CheckCharacters = false };

    public static void Write(Stream output, object? result, bool ignoreNull, TimeSpan took)
    {
        using var xml = XmlWriter.Create(output, Settings);
        xml.WriteStartElement("xml");
        xml.WriteStartElement("result");
        new XmlAnswer(xml, ignoreNull).Value(result, "item");
        xml.WriteEndElement();
        xml.WriteElementString("executionTime", took.TotalSeconds.ToString("0.######", CultureInfo.InvariantCulture));
        xml.WriteEndElement();
    }

    void Value(object? value, string itemName)
    {
        switch (value)
        {
            case null:
                break;
            case PlatformException error:
                Error(error);
                break;
            case PlatformObject one:
                Object(one);
                break;
            case List<object?> list:
                foreach (var item in list)
                {
                    xml.WriteStartElement(itemName);
                    Value(item, "item");
                    xml.WriteEndElement();
                }

                break;
            case bool truth:
                xml.WriteString(truth ? "1" : "0");
                break;
            default:
                xml.WriteString(Clean(RawValue.Text(value)));
                break;
        }
    }

    void Object(PlatformObject one)
    {
        if (one.Type == "Map")
        {
            Map(one);
            return;
        }

        var type = Schema.Instance.FindObject(one.Type);
        xml.WriteElementString("objectType", PlatformObject.Prefix + one.Type);
        foreach (var (name, value) in one)
        {
            if (name[0] != '_' && value is not null)
            {
                xml.WriteStartElement(name);
                Value(WireValue.Of(one, type, name, value), "item");
                xml.WriteEndElement();
            }
        }

        if (!ignoreNull && type is not null)
        {
            foreach (var property in type.Properties.Where(property => !one.Has(property.Name)))
            {
                xml.WriteStartElement(property.Name);
                xml.WriteEndElement();
            }
        }
    }

    void Map(PlatformObject map)
    {
        foreach (var (name, value) in map)
        {
            xml.WriteStartElement("item");
            xml.WriteElementString("itemKey", name);
            Value(value, "item");
            xml.WriteEndElement();
        }
    }

    void Error(PlatformException error)
    {
        xml.WriteStartElement("error");
        xml.WriteElementString("code", error.Code);
        xml.WriteElementString("message", Clean(error.Message));
        xml.WriteElementString("objectType", "KalturaAPIException");
        xml.WriteStartElement("args");
        foreach (var (name, value) in error.Arguments)
        {
            xml.WriteStartElement("item");
            xml.WriteElementString("objectType", "KalturaApiExceptionArg");
            xml.WriteElementString("name", name);
            xml.WriteElementString("value", Clean(value));
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    // What XML 1.0 (§2.2) cannot hold is left out.
    static string Clean(string text) => text.All(XmlConvert.IsXmlChar) ? text
        : string.Concat(text.EnumerateRunes().Where(rune => rune.Value > 0xFFFF || XmlConvert.IsXmlChar((char)rune.Value) && rune.Value != 0xFFFD || rune.Value == 0xFFFD).Select(rune => rune.ToString()));
}
