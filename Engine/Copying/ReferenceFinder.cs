using System.Collections.Concurrent;

namespace Orleans.Runtime;

/// <summary>Finds references in messages. One that came from another node is bound to the node that received it, so that it outlives the other.</summary>
static class ReferenceFinder
{
    static readonly ConcurrentDictionary<Type, bool> Known = new();
    static readonly GraphCloner Cloner = new(static type => !MayHold(type));

    /// <summary>True when a value of this type may be, or hold, a reference.</summary>
    public static bool MayHold(Type type) => Known.TryGetValue(type, out var known) ? known : Known.GetOrAdd(type, static t => Search(t, []));

    public static object Rebind(object value, Node node) =>
        Cloner.Clone(value, reference => node.References.Create(reference.GrainId, reference.ClrInterface));

    static bool Search(Type type, HashSet<Type> seen)
    {
        if (typeof(IAddressable).IsAssignableFrom(type))
        {
            return true;
        }

        if (type.IsPrimitive || type.IsEnum || type.IsPointer || type == typeof(string) || type == typeof(object) || typeof(Delegate).IsAssignableFrom(type)
            || typeof(System.Reflection.MemberInfo).IsAssignableFrom(type) || type.Namespace is "System.Threading" or "System.Net" or "System.Globalization" || !seen.Add(type))
        {
            return false;
        }

        if (type.IsArray)
        {
            return Search(type.GetElementType()!, seen);
        }

        return type.GetGenericArguments().Any(a => Search(a, seen))
            || (type.Assembly != typeof(object).Assembly && GraphCloner.InstanceFields(type).Any(f => Search(f.FieldType, seen)));
    }
}
