using System.Collections.Concurrent;
using System.Reflection;

namespace Orleans.Runtime;

/// <summary>
/// The grain classes and interfaces of the process: those of all assemblies that reference this one. Which class an interface means is found by the prefix
/// that the caller gave, else by there being only one, else by the name (IFooGrain means FooGrain).
/// </summary>
sealed class GrainManifest
{
    static readonly Lock Gate = new();
    static GrainManifest? _current;
    static int _assemblies;
    readonly Dictionary<GrainType, Type> _classes = [];
    readonly Dictionary<GrainInterfaceType, Type> _interfaces = [];
    readonly ConcurrentDictionary<(Type Interface, string? Prefix), GrainType> _found = new();

    GrainManifest(IEnumerable<Assembly> assemblies)
    {
        foreach (var type in assemblies.SelectMany(TypesOf))
        {
            if (IsGrainInterface(type))
            {
                _interfaces.TryAdd(GrainNames.InterfaceTypeOf(type), type);
            }
            else if (IsGrainClass(type))
            {
                var name = GrainNames.GrainTypeOf(type);
                if (!_classes.TryAdd(name, type))
                {
                    throw new InvalidOperationException($"The grain classes {_classes[name]} and {type} have the same grain type {name}: give one a [GrainType].");
                }
            }
        }
    }

    /// <summary>The manifest of what is loaded now.</summary>
    public static GrainManifest Current
    {
        get
        {
            lock (Gate)
            {
                var assemblies = Assemblies();
                if (_current is null || assemblies.Count != _assemblies)
                {
                    (_current, _assemblies) = (new GrainManifest(assemblies), assemblies.Count);
                }

                return _current;
            }
        }
    }

    public static bool IsGrainInterface(Type type) => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type) && type.Assembly != typeof(IGrain).Assembly
        || type == typeof(IManagementGrain) || type == typeof(IRemindable);

    public Type? ClassOf(GrainType grainType) => _classes.GetValueOrDefault(grainType);

    public Type ClrInterface(GrainInterfaceType interfaceType) => _interfaces.TryGetValue(interfaceType, out var type)
        ? type
        : throw new ArgumentException($"Could not find an interface for {interfaceType}.", nameof(interfaceType));

    public GrainType GrainTypeFor(Type interfaceType, string? prefix) =>
        _found.TryGetValue((interfaceType, prefix), out var known) ? known : _found.GetOrAdd((interfaceType, prefix), key => Find(key.Interface, key.Prefix));

    GrainType Find(Type interfaceType, string? prefix)
    {
        var classes = _classes.Where(c => interfaceType.IsAssignableFrom(c.Value)).ToList();
        if (!string.IsNullOrWhiteSpace(prefix))
        {
            classes = [.. classes.Where(c => (c.Value.FullName ?? "").StartsWith(prefix, StringComparison.Ordinal) || c.Key.ToString() == prefix)];
        }
        else if (classes.Count > 1)
        {
            var name = interfaceType.Name is ['I', ..] ? interfaceType.Name[1..] : interfaceType.Name;
            var same = classes.Where(c => c.Value.Name == name).ToList();
            classes = same.Count == 1 ? same : classes;
        }

        return classes.Count switch
        {
            1 => classes[0].Key,
            0 => throw new ArgumentException($"Could not find an implementation for interface {interfaceType}{(prefix is null ? "" : $" with prefix {prefix}")}."),
            _ => throw new ArgumentException(
                $"Unable to identify a single appropriate grain type for interface {interfaceType}. Candidates: {string.Join(", ", classes.Select(c => c.Key))}")
        };
    }

    static bool IsGrainClass(Type type) => type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false }
        && !typeof(GrainReference).IsAssignableFrom(type) && (typeof(IGrainBase).IsAssignableFrom(type) || typeof(IGrain).IsAssignableFrom(type))
        && type.GetInterfaces().Any(IsGrainInterface);

    static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException exception)
        {
            return exception.Types.OfType<Type>();
        }
    }

    // What is loaded, and what that references: a grain assembly may not have been touched yet.
    static List<Assembly> Assemblies()
    {
        var own = typeof(GrainManifest).Assembly;
        var ownName = own.GetName().Name;
        var seen = new HashSet<string>();
        var queue = new Queue<Assembly>(AppDomain.CurrentDomain.GetAssemblies().Where(a => !a.IsDynamic));
        var found = new List<Assembly>();
        while (queue.TryDequeue(out var assembly))
        {
            if (!seen.Add(assembly.FullName ?? ""))
            {
                continue;
            }

            var references = assembly.GetReferencedAssemblies();
            if (assembly == own || references.Any(r => r.Name == ownName))
            {
                found.Add(assembly);
            }

            foreach (var reference in references.Where(r => MayHoldGrains(r.Name) && !seen.Contains(r.FullName)))
            {
                try
                {
                    queue.Enqueue(Assembly.Load(reference));
                }
                catch (Exception exception) when (exception is FileNotFoundException or FileLoadException or BadImageFormatException)
                {
                    // A reference that is not deployed holds no grains.
                }
            }
        }

        return found;
    }

    static bool MayHoldGrains(string? name) => name is not null && !name.StartsWith("System", StringComparison.Ordinal) && !name.StartsWith("Microsoft", StringComparison.Ordinal)
        && !name.StartsWith("xunit", StringComparison.Ordinal) && name is not ("mscorlib" or "netstandard");
}
