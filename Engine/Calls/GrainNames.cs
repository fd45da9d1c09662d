using System.Collections.Concurrent;
using System.Reflection;

namespace Orleans.Runtime;

/// <summary>The naming rules of grain classes and interfaces.</summary>
static class GrainNames
{
    const string Suffix = "grain";
    static readonly ConcurrentDictionary<Type, GrainInterfaceType> Interfaces = new();

    /// <summary>[GrainType], else the class name in lower case without a trailing "grain"; a generic class keeps its arity after a back-tick.</summary>
    public static GrainType GrainTypeOf(Type grainClass)
    {
        foreach (var attribute in grainClass.GetCustomAttributes(inherit: false))
        {
            if (attribute is Metadata.IGrainTypeProviderAttribute named)
            {
                return named.GetGrainType(null!, grainClass);
            }
        }

        var name = grainClass.Name.ToLowerInvariant();
        var tick = name.IndexOf('`', StringComparison.Ordinal);
        name = tick > 0 ? name[..tick] : name;
        name = name.Length > Suffix.Length && name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name;
        return GrainType.Create(grainClass.IsGenericType ? $"{name}`{grainClass.GetGenericArguments().Length}" : name);
    }

    /// <summary>[Alias], else the full name.</summary>
    public static GrainInterfaceType InterfaceTypeOf(Type interfaceType) => Interfaces.GetOrAdd(interfaceType, static type =>
        GrainInterfaceType.Create(type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.FullName ?? type.Name));
}
