using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>
/// Filters by the names of their properties: a field and how it is compared, <c>createdAtGreaterThanOrEqual</c>, <c>tagsMultiLikeOr</c>. What has a
/// meaning of its own (isLive, freeText …) is left to the service.
/// </summary>
public static class ListFilter
{
    const int DefaultPage = 30, LargestPage = 500;

    // The longer before those that they end with.
    static readonly (string Suffix, Func<string, string, Condition> Make)[] Suffixes =
    [
        ("GreaterThanOrEqualOrNull", (field, value) => new Any([new Not(new Test(field, TestKind.IsSet)), new Test(field, TestKind.AtLeast, value)])),
        ("LessThanOrEqualOrNull", (field, value) => new Any([new Not(new Test(field, TestKind.IsSet)), new Test(field, TestKind.AtMost, value)])),
        ("GreaterThanOrEqual", (field, value) => new Test(field, TestKind.AtLeast, value)),
        ("LessThanOrEqual", (field, value) => new Test(field, TestKind.AtMost, value)),
        ("GreaterThan", (field, value) => new Not(new Test(field, TestKind.AtMost, value))),
        ("LessThan", (field, value) => new Not(new Test(field, TestKind.AtLeast, value))),
        ("MultiLikeOr", (field, value) => new Test(field, TestKind.ContainsAny, Words(value))),
        ("MultiLikeAnd", (field, value) => new Test(field, TestKind.ContainsAll, Words(value))),
        ("LikeOr", (field, value) => new Test(field, TestKind.ContainsAny, Words(value))),
        ("LikeAnd", (field, value) => new Test(field, TestKind.ContainsAll, Words(value))),
        ("Like", (field, value) => new Test(field, TestKind.ContainsAny, value)),
        ("StartsWith", (field, value) => new Test(field, TestKind.StartsWith, value)),
        ("MatchAnd", (field, value) => new Test(field, TestKind.ListsAll, List(value))),
        ("MatchOr", (field, value) => new Test(field, TestKind.ListsAny, List(value))),
        ("NotContains", (field, value) => new Not(new Test(field, TestKind.ListsAny, List(value)))),
        ("NotEqual", (field, value) => new Not(new Test(field, TestKind.In, value))),
        ("NotIn", (field, value) => new Not(new Test(field, TestKind.In, List(value)))),
        ("Equal", (field, value) => new Test(field, TestKind.In, value)),
        ("Empty", (field, value) => value == "1" ? new Not(new Test(field, TestKind.IsSet)) : new Test(field, TestKind.IsSet)),
        ("In", (field, value) => new Test(field, TestKind.In, List(value))),
    ];

    public static ObjectQuery Query(string kind, PlatformObject? filter, PlatformObject? pager, IEnumerable<Condition> also)
    {
        var size = Math.Clamp(pager?.Int("pageSize", DefaultPage) ?? DefaultPage, 0, LargestPage);
        var page = Math.Clamp(pager?.Int("pageIndex", 1) ?? 1, 1, 1_000_000);
        var order = filter?.Text("orderBy") ?? "";
        var field = order.TrimStart('+', '-', ' ');
        return new ObjectQuery(kind)
        {
            Where = new Every([.. Conditions(filter), .. also]),
            OrderBy = field.Length > 0 && field.All(char.IsLetterOrDigit) ? field : "createdAt",
            Descending = field.Length == 0 || order.StartsWith('-'),
            Take = size,
            Skip = (int)Math.Min((long)size * (page - 1), int.MaxValue),
        };
    }

    static readonly PlatformObject Nothing = new("Filter");
    static readonly string[] Joinable = ["tags", "adminTags", "name"];

    public static IEnumerable<Condition> Conditions(PlatformObject? filter)
    {
        foreach (var (name, value) in filter ?? Nothing)
        {
            if (value is null or PlatformObject or List<object?> || name is "orderBy" || name[0] == '_')
            {
                continue;
            }

            var text = filter!.Text(name);
            if (name == "freeText" || name == "searchTextMatchOr" || name == "searchTextMatchAnd")
            {
                yield return new FreeText(text);
            }
            else if (Condition(name, text) is { } condition)
            {
                yield return condition;
            }
        }
    }

    static Condition? Condition(string name, string value)
    {
        foreach (var (suffix, make) in Suffixes)
        {
            if (name.Length > suffix.Length && name.EndsWith(suffix, StringComparison.Ordinal))
            {
                var field = name[..^suffix.Length];
                return field switch
                {
                    "tagsName" or "tagsAdminTags" or "tagsAdminTagsName" => new Any([.. Joined(field).Select(part => make(part, value))]),
                    _ => make(field, value),
                };
            }
        }

        return null;
    }

    static IEnumerable<string> Joined(string field) => Joinable.Where(part => field.Contains(part, StringComparison.OrdinalIgnoreCase) && (part != "tags" || field.StartsWith("tags", StringComparison.Ordinal)));

    static string[] Words(string value) => value.Split([',', ' '], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    static string[] List(string value) => value.Split(',', StringSplitOptions.TrimEntries);
}
