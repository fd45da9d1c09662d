using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Orleans.Runtime;

/// <summary>
/// The grain classes and interfaces of the process: those of all assemblies that reference this one. Which class an interface means is found by the prefix
/// that the caller gave, else by there being only one, else by the name (IFooGrain means FooGrain).
/// </summary>
sealed class GrainManifest
{
    static readonly Lock Gate = new();
    static GrainManifest? _current;
    static int _loads;
    static int _known;
    readonly Dictionary<GrainType, Type> _classes = [];
    readonly Dictionary<GrainInterfaceType, Type> _interfaces = [];
    readonly ConcurrentDictionary<(Type Interface, string? Prefix), GrainType> _found = new();

    static GrainManifest() => AppDomain.CurrentDomain.AssemblyLoad += static (_, loaded) => Interlocked.Add(ref _loads, loaded.LoadedAssembly.IsDynamic ? 0 : 1);

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
            if (Volatile.Read(ref _current) is { } known && Volatile.Read(ref _known) == Volatile.Read(ref _loads))
            {
                return known;
            }

            lock (Gate)
            {
                // What is loaded while this looks is found the next time.
                var loads = Volatile.Read(ref _loads);
                if (_current is null || _known != loads)
                {
                    Volatile.Write(ref _current, new GrainManifest(Assemblies()));
                    Volatile.Write(ref _known, loads);
                }

                return _current;
            }
        }
    }

    public static bool IsGrainInterface(Type type) => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type) && type.Assembly != typeof(IGrain).Assembly
        || type == typeof(IManagementGrain) || type == typeof(ISiloGrain) || type == typeof(IRemindable);

    public Type? ClassOf(GrainType grainType) => _classes.GetValueOrDefault(grainType);

    public Type ClrInterface(GrainInterfaceType interfaceType) => _interfaces.TryGetValue(interfaceType, out var type)
        ? type
        : throw new ArgumentException($"Could not find an interface for {interfaceType}.", nameof(interfaceType));

    public Type? TryFindInterface(GrainInterfaceType interfaceType) => _interfaces.GetValueOrDefault(interfaceType);

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

    // What is loaded and uses the engine, and what the application brings along and nobody has touched yet: the compiler leaves a reference out
    // that is only needed at run time, as a host's to its grains often is.
    static List<Assembly> Assemblies()
    {
        var own = typeof(GrainManifest).Assembly;
        var found = AppDomain.CurrentDomain.GetAssemblies()
            .Where(assembly => !assembly.IsDynamic && (assembly == own || assembly.GetReferencedAssemblies().Any(name => name.Name == own.GetName().Name)))
            .ToDictionary(assembly => assembly.GetName().Name!);
        foreach (var path in ApplicationFiles())
        {
            var name = Path.GetFileNameWithoutExtension(path);
            if (!found.ContainsKey(name) && References(path, own.GetName().Name!))
            {
                found.Add(name, Assembly.Load(new AssemblyName(name)));
            }
        }

        return [.. found.Values];
    }

    static IEnumerable<string> ApplicationFiles() =>
        ((string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "").Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) == AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    static bool References(string path, string name)
    {
        using var file = File.OpenRead(path);
        using var image = new PEReader(file);
        if (!image.HasMetadata)
        {
            return false;
        }

        var metadata = image.GetMetadataReader();
        return metadata.AssemblyReferences.Any(handle => metadata.StringComparer.Equals(metadata.GetAssemblyReference(handle).Name, name));
    }
}
