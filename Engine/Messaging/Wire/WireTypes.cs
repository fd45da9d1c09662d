using System.Collections.Concurrent;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// Names of types on the wire, for values that are not of their declared type. Only what may be a message is found by its name: plain values, collections of
/// such, types with [GenerateSerializer]; so a peer cannot have any other type made here.
/// </summary>
static class WireTypes
{
    const string ReferenceName = "reference";
    static readonly ConcurrentDictionary<string, Type> Found = new();
    static readonly ConcurrentDictionary<Type, bool> Allowed = new();

    public static string NameOf(Type type) => typeof(GrainReference).IsAssignableFrom(type) ? ReferenceName
        : IsAllowed(type) ? type.AssemblyQualifiedName!
        : throw new CodecNotFoundException($"Could not find a codec for type {type}: it lacks [GenerateSerializer].");

    public static Type Find(string name) => name == ReferenceName ? typeof(GrainReference) : Found.GetOrAdd(name, static n =>
        Type.GetType(n, throwOnError: false) is { } type && IsAllowed(type) ? type
            : throw new SerializerException($"The type {n} of a message is not known here, or is no message."));

    static bool IsAllowed(Type type) => Allowed.GetOrAdd(type, static t => Decide(t));

    static bool Decide(Type type) =>
        type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(object)
        || type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false)
        || typeof(IAddressable).IsAssignableFrom(type)
        || (type.IsArray && IsAllowed(type.GetElementType()!))
        || (IsPlain(type) && type.GetGenericArguments().All(IsAllowed));

    static bool IsPlain(Type type) => type.Namespace is "System" or "System.Collections.Generic" or "System.Collections.Immutable" or "System.Net"
        && !typeof(Delegate).IsAssignableFrom(type)
        && (type.IsValueType || type.IsGenericType || type == typeof(Uri) || type == typeof(Version) || type.Namespace == "System.Net")
        || type == typeof(SiloAddress) || type == typeof(GrainId);
}
