using System.Collections.Concurrent;
using System.Reflection;
using System.Text;

namespace Orleans.Runtime;

/// <summary>Methods by the names that they have in messages.</summary>
static class WireMethods
{
    static readonly ConcurrentDictionary<string, MethodDescriptor> Known = new();
    static readonly ConcurrentDictionary<string, MethodDescriptor>.AlternateLookup<ReadOnlySpan<char>> ByText = Known.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Interface, method and the types of its parameters: overloads differ, and so do versions of an interface.</summary>
    public static string NameOf(GrainInterfaceType type, MethodInfo method) =>
        $"{type}.{method.Name}({string.Join(',', method.GetParameters().Select(p => p.ParameterType.ToString()))})";

    /// <summary>The name as text; the same string for a method that was called before.</summary>
    public static string NameFrom(ReadOnlySpan<byte> name)
    {
        Span<char> text = stackalloc char[512];
        return name.Length <= text.Length && Encoding.UTF8.TryGetChars(name, text, out var length) && ByText.TryGetValue(text[..length], out var known, out _)
            ? known : Encoding.UTF8.GetString(name);
    }

    public static MethodDescriptor? Find(string call)
    {
        if (Known.TryGetValue(call, out var known))
        {
            return known;
        }

        // An interface's name may have points, a method's has none.
        var end = call.IndexOf('(', StringComparison.Ordinal);
        var point = end > 0 ? call.LastIndexOf('.', end) : -1;
        if (point <= 0 || GrainManifest.Current.TryFindInterface(GrainInterfaceType.Create(call[..point])) is not { } type)
        {
            return null;
        }

        var method = type.GetMethods().FirstOrDefault(m => NameOf(GrainNames.InterfaceTypeOf(m.DeclaringType!), m) == call);
        return method is null ? null : Known.GetOrAdd(call, MethodDescriptor.For(method));
    }
}
