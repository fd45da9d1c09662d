using System.Collections;

namespace Tributary.Silo;

/// <summary>Finds configuration keys in the product's sections that mean nothing: most often a slip of the pen.</summary>
static class UnknownOptions
{
    /// <summary>A line per key below <paramref name="section"/> that none of <paramref name="types"/> has a property for.</summary>
    public static IEnumerable<string> Find(IConfiguration configuration, string section, params Type[] types) =>
        Find(configuration.GetSection(section), types);

    static IEnumerable<string> Find(IConfigurationSection section, Type[] types)
    {
        foreach (var child in section.GetChildren())
        {
            var properties = types.SelectMany(type => type.GetProperties())
                .Where(property => property.CanWrite && property.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase))
                .Select(property => property.PropertyType).ToArray();
            if (properties.Length == 0)
            {
                yield return $"Configuration: {child.Path} is no option. {Known(types)}";
            }

            foreach (var line in Find(child, [.. properties.Where(IsGroup)]).Where(_ => properties.Any(IsGroup)))
            {
                yield return line;
            }
        }
    }

    static bool IsGroup(Type type) => type.IsClass && type != typeof(string) && !typeof(IEnumerable).IsAssignableFrom(type);

    static string Known(Type[] types) =>
        $"Known there: {string.Join(", ", types.SelectMany(type => type.GetProperties()).Where(p => p.CanWrite).Select(p => p.Name).Distinct().Order())}.";
}
