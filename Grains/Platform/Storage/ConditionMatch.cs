using System.Globalization;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Storage;

/// <summary>Conditions on objects in memory; <see cref="PostgresQuery"/> says the same in SQL, and a test holds the two together.</summary>
public static class ConditionMatch
{
    public static readonly string[] TextFields = ["name", "description", "tags", "referenceId", "id"];

    public static bool Matches(this Condition? condition, PlatformObject value) => condition switch
    {
        null => true,
        Every every => every.Of.All(part => part.Matches(value)),
        Any any => any.Of.Any(part => part.Matches(value)),
        Not not => !not.Of.Matches(value),
        FreeText text => Words(text.Words).All(word => TextFields.Any(field => HasWord(value.Text(field), word))),
        Test test => Matches(test, value),
        _ => false,
    };

    /// <summary>The words of a search; each matches a whole word, or with an asterisk its beginning.</summary>
    public static IEnumerable<string> Words(string text) =>
        text.Split([' ', ',', '"', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    static bool Matches(Test test, PlatformObject value)
    {
        if (test.Field == Test.TypeField)
        {
            return test.Values.Contains(value.Type, StringComparer.Ordinal);
        }

        if (!value.Has(test.Field))
        {
            return false;
        }

        var text = value.Text(test.Field);
        return test.Kind switch
        {
            TestKind.In => test.Values.Contains(text, StringComparer.Ordinal),
            TestKind.ContainsAny => test.Values.Any(part => text.Contains(part, StringComparison.OrdinalIgnoreCase)),
            TestKind.ContainsAll => test.Values.All(part => text.Contains(part, StringComparison.OrdinalIgnoreCase)),
            TestKind.ListsAny => Elements(text).Intersect(test.Values, StringComparer.OrdinalIgnoreCase).Any(),
            TestKind.ListsAll => !test.Values.Except(Elements(text), StringComparer.OrdinalIgnoreCase).Any(),
            TestKind.StartsWith => test.Values.Any(part => text.StartsWith(part, StringComparison.OrdinalIgnoreCase)),
            TestKind.AtLeast => value.Number(test.Field) >= Number(test.Values[0]),
            TestKind.AtMost => value.Number(test.Field) <= Number(test.Values[0]),
            TestKind.IsSet => text.Length > 0 || value[test.Field] is not string,
            _ => false,
        };
    }

    static string[] Elements(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    static double Number(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;

    static bool HasWord(string text, string word)
    {
        var (start, whole) = word.EndsWith('*') ? (word[..^1], false) : (word, true);
        for (var at = text.IndexOf(start, StringComparison.OrdinalIgnoreCase); at >= 0 && start.Length > 0; at = text.IndexOf(start, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = at + start.Length;
            if ((at == 0 || !char.IsLetterOrDigit(text[at - 1])) && (!whole || end == text.Length || !char.IsLetterOrDigit(text[end])))
            {
                return true;
            }

            if (at + 1 >= text.Length)
            {
                break;
            }
        }

        return false;
    }

    /// <summary>Puts objects into the order of a query.</summary>
    public static IEnumerable<StoredObject> InOrder(this IEnumerable<StoredObject> objects, ObjectQuery query)
    {
        var comparer = Comparer<PlatformObject>.Create((left, right) => Compare(left, right, query.OrderBy));
        return query.Descending
            ? objects.OrderByDescending(stored => stored.Value, comparer).ThenByDescending(stored => stored.Id, StringComparer.Ordinal)
            : objects.OrderBy(stored => stored.Value, comparer).ThenBy(stored => stored.Id, StringComparer.Ordinal);
    }

    static int Compare(PlatformObject left, PlatformObject right, string field) => (left[field], right[field]) switch
    {
        (string a, string b) => string.Compare(a, b, StringComparison.OrdinalIgnoreCase),
        (null, null) => 0,
        (null, _) => -1,
        (_, null) => 1,
        _ => left.Number(field).CompareTo(right.Number(field)),
    };
}
