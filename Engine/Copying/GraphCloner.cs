using System.Collections.Concurrent;
using System.Reflection;

namespace Orleans.Runtime;

/// <summary>
/// Clones an object graph field by field. Values of a type that <c>isShared</c> accepts are kept as they are; references to grains are given to
/// <c>reference</c>. An object that occurs twice is cloned once, so cycles end.
/// </summary>
sealed class GraphCloner(Func<Type, bool> isShared)
{
    static readonly Func<object, object> ShallowClone =
        typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!.CreateDelegate<Func<object, object>>();

    readonly ConcurrentDictionary<Type, Plan> _plans = new();

    public object Clone(object value, Func<GrainReference, object>? reference = null) => Clone(value, reference, null);

    object Clone(object value, Func<GrainReference, object>? reference, Dictionary<object, object>? seen)
    {
        if (value is GrainReference grain)
        {
            return reference is null ? grain : reference(grain);
        }

        var type = value.GetType();
        var plan = _plans.TryGetValue(type, out var known) ? known : _plans.GetOrAdd(type, PlanOf);
        if (plan.IsShared)
        {
            return value;
        }

        if (seen is not null && seen.TryGetValue(value, out var twin))
        {
            return twin;
        }

        seen ??= new Dictionary<object, object>(ReferenceEqualityComparer.Instance);
        return value switch
        {
            ReadOnlyMemory<byte> memory => new ReadOnlyMemory<byte>(memory.ToArray()),
            Memory<byte> memory => new Memory<byte>(memory.ToArray()),
            Array array => CloneArray(array, plan, reference, seen),
            _ => CloneFields(value, plan, reference, seen)
        };
    }

    Array CloneArray(Array array, Plan plan, Func<GrainReference, object>? reference, Dictionary<object, object> seen)
    {
        var clone = (Array)array.Clone();
        seen[array] = clone;
        if (!plan.ClonesElements)
        {
            return clone;
        }

        if (clone.Rank != 1)
        {
            throw new NotSupportedException($"An array of {clone.Rank} dimensions with elements that must be copied is no message.");
        }

        for (var i = 0; i < clone.Length; i++)
        {
            if (clone.GetValue(i) is { } element)
            {
                clone.SetValue(Clone(element, reference, seen), i);
            }
        }

        return clone;
    }

    object CloneFields(object value, Plan plan, Func<GrainReference, object>? reference, Dictionary<object, object> seen)
    {
        var clone = ShallowClone(value);
        if (!value.GetType().IsValueType)
        {
            seen[value] = clone;
        }

        foreach (var field in plan.Fields)
        {
            if (field.GetValue(clone) is { } member)
            {
                field.SetValue(clone, Clone(member, reference, seen));
            }
        }

        return clone;
    }

    Plan PlanOf(Type type)
    {
        if (isShared(type))
        {
            return new Plan(true, false, []);
        }

        if (type.IsArray)
        {
            return new Plan(false, !IsStaticallyShared(type.GetElementType()!), []);
        }

        return new Plan(false, false, [.. InstanceFields(type).Where(f => !IsStaticallyShared(f.FieldType))]);
    }

    /// <summary>True when every value that a place of this type can hold is shared.</summary>
    public bool IsStaticallyShared(Type declared) => (declared.IsValueType || declared.IsSealed) && isShared(declared);

    public static IEnumerable<FieldInfo> InstanceFields(Type type)
    {
        for (var t = type; t is not null && t != typeof(object); t = t.BaseType)
        {
            foreach (var field in t.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                yield return field;
            }
        }
    }

    sealed record Plan(bool IsShared, bool ClonesElements, FieldInfo[] Fields);
}
