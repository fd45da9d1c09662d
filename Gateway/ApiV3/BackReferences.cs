using System.Globalization;
using System.Text;
using Tributary.Grains.Platform.Model;

namespace Tributary.Gateway.ApiV3;

/// <summary>
/// Values that stand for an earlier result of the same request: <c>{2:result:objects:0:id}</c>. The number counts calls from 1 whatever their keys are; a
/// part is a property, an index, or <c>_all</c> for every element, whose values are joined by commas. What is not there is an empty text.
/// </summary>
static class BackReferences
{
    const int MaxResult = 64 * 1_024;

    /// <summary>A copy of the parameters with their references replaced.</summary>
    public static object? Resolve(object? value, IReadOnlyList<object?> results) => value switch
    {
        RawMap map => map.Aggregate(new RawMap(), (copy, pair) =>
        {
            copy[pair.Key] = Resolve(pair.Value, results);
            return copy;
        }),
        List<object?> list => list.Select(item => Resolve(item, results)).ToList(),
        string text when TryParse(text, out var call, out var path) => Find(call, path, results),
        _ => value,
    };

    /// <summary>Whether a text is a reference, as a whole.</summary>
    public static bool TryParse(string text, out int call, out string[] path)
    {
        (call, path) = (0, []);
        if (text.Length is < 10 or > 1_024 || text[0] != '{' || text[^1] != '}')
        {
            return false;
        }

        var parts = text[1..^1].Split(':');
        if (parts.Length < 2 || parts[1] != "result" || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out call))
        {
            return false;
        }

        path = parts[2..];
        return true;
    }

    static string Find(int call, string[] path, IReadOnlyList<object?> results)
    {
        if (call < 1 || call > results.Count || results[call - 1] is PlatformException)
        {
            return "";
        }

        var found = new StringBuilder();
        Collect(results[call - 1], path, found);
        return found.ToString();
    }

    static void Collect(object? value, ReadOnlySpan<string> path, StringBuilder found)
    {
        if (path.IsEmpty)
        {
            var text = RawValue.Text(value);
            if (text.Length > 0 && found.Length + text.Length < MaxResult)
            {
                found.Append(found.Length > 0 ? "," : "").Append(text);
            }

            return;
        }

        switch (value)
        {
            case PlatformObject one when path[0] != "_all" && path[0].Length > 0 && path[0][0] != '_':
                Collect(one[path[0]], path[1..], found);
                break;
            case List<object?> list when path[0] == "_all":
                foreach (var item in list)
                {
                    Collect(item, path[1..], found);
                }

                break;
            case List<object?> list when int.TryParse(path[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < list.Count:
                Collect(list[index], path[1..], found);
                break;
        }
    }
}
