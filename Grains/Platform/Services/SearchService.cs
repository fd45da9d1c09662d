using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.LiveEntries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>
/// Search of entries by a tree of operators and items: an item compares a field, or the text of all fields, exactly, in part, from its beginning, by
/// being there, or by a range.
/// </summary>
public sealed class SearchService(Objects objects, EntryStore entries) : IServiceModule
{
    const int And = 1, Or = 2, Deepest = 8, MostItems = 200;
    const int Exact = 1, Partial = 2, StartsWith = 3, Exists = 4, Range = 5;

    static readonly Dictionary<string, string> Fields = new(StringComparer.Ordinal)
    {
        ["entry_type"] = "type", ["media_type"] = "mediaType", ["created_at"] = "createdAt", ["updated_at"] = "updatedAt", ["start_date"] = "startDate", ["end_date"] = "endDate",
        ["user_id"] = "userId", ["creator_id"] = "creatorId", ["creator_kuser_id"] = "creatorId", ["kuser_id"] = "userId", ["reference_id"] = "referenceId", ["admin_tags"] = "adminTags", ["source_type"] = "sourceType",
        ["length_in_msecs"] = "msDuration", ["access_control_id"] = "accessControlId", ["conversion_profile_id"] = "conversionProfileId", ["moderation_status"] = "moderationStatus",
        ["parent_id"] = "parentEntryId", ["root_id"] = "rootEntryId", ["category_ids"] = "categoriesIds", ["last_played_at"] = "lastPlayedAt", ["recorded_entry_id"] = "recordedEntryId",
    };

    public void Register(ServiceTable table) => table.Add("elasticsearch_esearch", "searchEntry", CallAccess.Session, Search);

    async Task<object?> Search(Call call)
    {
        // 1. What is looked for.
        var wanted = call.Object("searchParams");
        var (left, terms) = (MostItems, new List<string>());
        var conditions = new List<Condition>();
        if (wanted.Object("searchOperator") is { } tree)
        {
            conditions.Add(await Translate(tree, Deepest, terms, () => --left >= 0));
        }

        var statuses = wanted.Words("objectStatuses");
        conditions.Add(new Test("status", TestKind.In, statuses.Length > 0 ? statuses : ["2"]));
        if (wanted.Words("objectIds") is { Length: > 0 } ids)
        {
            conditions.Add(new Test("id", TestKind.In, ids));
        }

        // 2. In which order, and which page.
        var order = wanted.Object("orderBy")?.Objects("orderItems").FirstOrDefault();
        var field = order?.Text("sortField") is { Length: > 0 } named ? Fields.GetValueOrDefault(named, named) : "createdAt";
        var query = ListFilter.Query(EntryStore.Kind, null, call.Optional("pager"), conditions) with
        {
            Partner = call.Scope, OrderBy = field.All(char.IsLetterOrDigit) ? field : "createdAt", Descending = order?.Text("sortOrder") is not "asc",
        };
        var page = await objects.Store.Find(query);

        // 3. With what was found in them.
        var results = new List<PlatformObject>();
        foreach (var stored in page.Objects)
        {
            results.Add(new PlatformObject("ESearchEntryResult")
            {
                { "object", await entries.Show(call, stored.Value) }, { "highlight", Highlights(stored.Value, terms) }, { "itemsData", new List<object?>() },
            });
        }

        return Objects.ListOf("ESearchEntryResponse", page.Total, results);
    }

    async Task<Condition> Translate(PlatformObject item, int depth, List<string> terms, Func<bool> take)
    {
        if (depth == 0 || !take())
        {
            throw PlatformException.Of("SEARCH_ENGINE_QUERY_FAILED");
        }

        if (item.Has("searchItems"))
        {
            var parts = new List<Condition>();
            foreach (var part in item.Objects("searchItems"))
            {
                parts.Add(await Translate(part, depth - 1, terms, take));
            }

            return item.Int("operator", And) switch { And => new Every(parts), Or => new Any(parts), _ => new Not(new Any(parts)) };
        }

        return item.Type switch
        {
            "ESearchUnifiedItem" => Unified(item, terms),
            "ESearchEntryItem" => await Entry(item, terms),
            "ESearchNestedOperator" => new Every([]),
            _ => throw PlatformException.Of("FEATURE_FORBIDDEN", $"search by {item.Type}"),
        };
    }

    static Condition Unified(PlatformObject item, List<string> terms)
    {
        var term = item.Text("searchTerm");
        Note(item, term, terms);
        return item.Int("itemType", Exact) switch
        {
            Partial => new Any([.. ConditionMatch.TextFields.Select(field => new Test(field, TestKind.ContainsAny, term))]),
            StartsWith => new FreeText(term.TrimEnd('*') + "*"),
            Exists => new Every([]),
            _ => new FreeText(term),
        };
    }

    async Task<Condition> Entry(PlatformObject item, List<string> terms)
    {
        var (name, term) = (item.Text("fieldName"), item.Text("searchTerm"));
        if (name == "is_live")
        {
            var now = Objects.Id(objects.Now - 30);
            var rows = await objects.Store.All(LiveEntryGrain.RowKind, null, Test.Equal("status", LiveStatus.Playable), new Test("_expiresAt", TestKind.AtLeast, now));
            Condition live = new Test("id", TestKind.In, [.. rows.Select(row => row.Value.Text("entryId"))]);
            return term is "1" or "true" ? live : new Not(live);
        }

        var field = Fields.GetValueOrDefault(name, name);
        if (field.Length == 0 || !field.All(letter => char.IsAsciiLetterOrDigit(letter)))
        {
            throw PlatformException.Of("SEARCH_ENGINE_QUERY_FAILED");
        }

        Note(item, term, terms);
        return item.Int("itemType", Exact) switch
        {
            Partial => new Test(field, TestKind.ContainsAny, term),
            StartsWith => new Test(field, TestKind.StartsWith, term),
            Exists => new Test(field, TestKind.IsSet),
            Range => Ranged(field, item.Object("range")),
            _ => field is "tags" or "adminTags" or "categoriesIds" ? new Test(field, TestKind.ListsAny, term) : new Test(field, TestKind.In, term),
        };
    }

    static Every Ranged(string field, PlatformObject? range)
    {
        var parts = new List<Condition>();
        foreach (var (name, kind, beyond) in new[] { ("greaterThanOrEqual", TestKind.AtLeast, false), ("lessThanOrEqual", TestKind.AtMost, false), ("greaterThan", TestKind.AtMost, true), ("lessThan", TestKind.AtLeast, true) })
        {
            if (range?.Has(name) == true)
            {
                Condition test = new Test(field, kind, range.Text(name));
                parts.Add(beyond ? new Not(test) : test);
            }
        }

        return new Every(parts);
    }

    static void Note(PlatformObject item, string term, List<string> terms)
    {
        if (item.Truth("addHighlight") && term.Length > 0)
        {
            terms.Add(term.TrimEnd('*'));
        }
    }

    static List<object?> Highlights(PlatformObject entry, List<string> terms) =>
    [
        .. ConditionMatch.TextFields.Select(field => (Field: field, Hits: terms.Select(term => Marked(entry.Text(field), term)).OfType<string>().ToList()))
            .Where(found => found.Hits.Count > 0)
            .Select(found => new PlatformObject("ESearchHighlight") { { "fieldName", found.Field }, { "hits", found.Hits.Select(hit => (object?)new PlatformObject("String") { { "value", hit } }).ToList() } }),
    ];

    static string? Marked(string text, string term) => text.IndexOf(term, StringComparison.OrdinalIgnoreCase) is var at and >= 0
        ? $"{text[..at]}<em>{text.Substring(at, term.Length)}</em>{text[(at + term.Length)..]}" : null;
}
