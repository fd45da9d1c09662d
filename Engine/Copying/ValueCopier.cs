using System.Collections.Concurrent;
using System.Net;
using System.Numerics;
using System.Reflection;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// Gives a callee (and a caller, of the result) a copy of its own of everything that could be changed. Immutable values pass as they are: primitives, strings,
/// ids, types marked [Immutable], and types all of whose fields are read-only and immutable themselves.
/// A type of the application that lacks [GenerateSerializer] is refused as it would be on the wire.
/// </summary>
static class ValueCopier
{
    static readonly ConcurrentDictionary<Type, bool> Shared = new();
    static readonly GraphCloner Cloner = new(IsShared);
    static readonly HashSet<Type> WellKnown =
    [
        typeof(string), typeof(decimal), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(DateOnly), typeof(TimeOnly), typeof(Guid),
        typeof(Int128), typeof(UInt128), typeof(Half), typeof(BigInteger), typeof(Uri), typeof(Version), typeof(IPAddress), typeof(IPEndPoint), typeof(object),
        typeof(System.Globalization.CultureInfo), typeof(CancellationToken)
    ];

    /// <summary>False when no value of this declared type needs a copy.</summary>
    public static bool MustCopy(Type declared) => declared.ContainsGenericParameters || !Cloner.IsStaticallyShared(declared);

    public static object Copy(object value) => Cloner.Clone(value);

    public static T CopyOf<T>(T value) => value is null ? value : (T)Cloner.Clone(value);

    static bool IsShared(Type type) => Shared.TryGetValue(type, out var known) ? known : Remember(type, Decide(type, []));

    static bool Remember(Type type, bool shared)
    {
        Shared[type] = shared;
        return shared;
    }

    static bool Decide(Type type, HashSet<Type> open)
    {
        if (type.IsPrimitive || type.IsEnum || type.IsPointer || WellKnown.Contains(type) || typeof(Delegate).IsAssignableFrom(type)
            || typeof(MemberInfo).IsAssignableFrom(type) || typeof(Exception).IsAssignableFrom(type) || typeof(GrainReference).IsAssignableFrom(type))
        {
            return true;
        }

        if (type.IsArray || type == typeof(ReadOnlyMemory<byte>) || type == typeof(Memory<byte>))
        {
            return false;
        }

        if (IsOfApplication(type))
        {
            if (!type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false) && !type.IsInterface && !type.IsAbstract)
            {
                throw new CodecNotFoundException($"Could not find a copier for type {type}: it lacks [GenerateSerializer].");
            }
        }

        if (type.IsDefined(typeof(ImmutableAttribute), inherit: false))
        {
            return true;
        }

        if (type.Namespace is "System.Collections.Immutable" or "System.Collections.Frozen")
        {
            return type.GetGenericArguments().All(a => SharedAlways(a, open));
        }

        if (IsComparer(type))
        {
            return true;
        }

        // A type that holds itself is not shared while that is being decided: the safe answer.
        return open.Add(type) && !type.IsInterface && !type.IsAbstract
            && GraphCloner.InstanceFields(type).All(f => (f.IsInitOnly || type.IsValueType) && SharedAlways(f.FieldType, open));
    }

    static bool SharedAlways(Type declared, HashSet<Type> open) => (declared.IsValueType || declared.IsSealed) && Decide(declared, open);

    static bool IsComparer(Type type) => type.Assembly == typeof(object).Assembly
        && type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() is var d && (d == typeof(IEqualityComparer<>) || d == typeof(IComparer<>)));

    static bool IsOfApplication(Type type)
    {
        var assembly = type.Assembly;
        return assembly != typeof(ValueCopier).Assembly && assembly.GetName().Name is { } name
            && !name.StartsWith("System.", StringComparison.Ordinal) && !name.StartsWith("Microsoft.", StringComparison.Ordinal) && name is not ("mscorlib" or "netstandard");
    }
}
