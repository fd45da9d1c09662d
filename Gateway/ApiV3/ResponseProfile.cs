using Tributary.Grains.Platform.Model;

namespace Tributary.Gateway.ApiV3;

/// <summary>Which properties of an object, or of each object of a list, are answered: only those that are named, or all but those.</summary>
sealed class ResponseProfile(bool only, IReadOnlySet<string> fields)
{
    /// <summary>Null: everything is answered. A profile without type includes, as the schema's first value.</summary>
    public static ResponseProfile? Of((long Type, string Fields)? wanted) => wanted is { Fields.Length: > 0 } some
        ? new ResponseProfile(some.Type != Exclude, some.Fields.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal))
        : null;

    /// <summary>ResponseProfileType of the schema.</summary>
    const long Exclude = 2;

    public object? Apply(object? result) => result switch
    {
        PlatformObject list when list["objects"] is List<object?> => Applied(list),
        PlatformObject one => Filtered(one),
        List<object?> list => list.Select(item => item is PlatformObject one ? Filtered(one) : item).ToList(),
        _ => result,
    };

    PlatformObject Applied(PlatformObject list)
    {
        var applied = new PlatformObject(list.Type);
        foreach (var (name, value) in list)
        {
            applied[name] = name == "objects" && value is List<object?> objects ? objects.Select(item => item is PlatformObject one ? Filtered(one) : item).ToList() : value;
        }

        return applied;
    }

    PlatformObject Filtered(PlatformObject one)
    {
        var filtered = new PlatformObject(one.Type);
        foreach (var (name, value) in one)
        {
            if (fields.Contains(name) == only)
            {
                filtered[name] = value;
            }
        }

        return filtered;
    }
}
