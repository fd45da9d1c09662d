using System.Globalization;
using System.Text;
using Tributary.Grains.Platform.Model;

namespace Tributary.Gateway.ApiV3;

/// <summary>Results in PHP's form of serialised values: objects are arrays with <c>objectType</c>, lengths are in bytes.</summary>
static class PhpAnswer
{
    public static byte[] Write(object? result)
    {
        var text = new StringBuilder();
        Write(text, result);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    static void Write(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("N;");
                break;
            case bool truth:
                text.Append(truth ? "b:1;" : "b:0;");
                break;
            case double number:
                text.Append(CultureInfo.InvariantCulture, $"d:{number:R};");
                break;
            case string said:
                text.Append(CultureInfo.InvariantCulture, $"s:{Encoding.UTF8.GetByteCount(said)}:\"{said}\";");
                break;
            case PlatformException error:
                Error(text, error);
                break;
            case PlatformObject one:
                Object(text, one);
                break;
            case List<object?> list:
                text.Append(CultureInfo.InvariantCulture, $"a:{list.Count}:{{");
                for (var at = 0; at < list.Count; at++)
                {
                    text.Append(CultureInfo.InvariantCulture, $"i:{at};");
                    Write(text, list[at]);
                }

                text.Append('}');
                break;
            default:
                text.Append(CultureInfo.InvariantCulture, $"i:{value};");
                break;
        }
    }

    static void Object(StringBuilder text, PlatformObject one)
    {
        var type = Schema.Instance.FindObject(one.Type);
        var shown = one.Where(pair => pair.Value is not null && pair.Key[0] != '_').ToList();
        text.Append(CultureInfo.InvariantCulture, $"a:{shown.Count + 1}:{{");
        foreach (var (name, value) in shown)
        {
            Write(text, name);
            Write(text, WireValue.Of(one, type, name, value));
        }

        Write(text, "objectType");
        Write(text, PlatformObject.Prefix + one.Type);
        text.Append('}');
    }

    static void Error(StringBuilder text, PlatformException error)
    {
        text.Append("a:4:{");
        foreach (var (name, value) in new[] { ("code", error.Code), ("message", error.Message), ("objectType", "KalturaAPIException") })
        {
            Write(text, name);
            Write(text, value);
        }

        Write(text, "args");
        text.Append(CultureInfo.InvariantCulture, $"a:{error.Arguments.Count}:{{");
        foreach (var (name, value) in error.Arguments)
        {
            Write(text, name);
            Write(text, value);
        }

        text.Append("}}");
    }
}
