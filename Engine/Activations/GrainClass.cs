using System.Collections.Immutable;
using System.Reflection;
using Orleans.Concurrency;
using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>What a silo knows of one grain class.</summary>
sealed class GrainClass
{
    readonly Func<IInvokable, bool>? _interleave;
    readonly GrainConstructor _constructor;

    public GrainClass(Type type, GrainType grainType, PlacementStrategy defaultPlacement, Configuration.GrainCollectionOptions collection, int maxQueue, IServiceProvider services)
    {
        Type = type;
        GrainType = grainType;
        MaxQueue = maxQueue;
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute), inherit: true);
        IsFilter = typeof(IIncomingGrainCallFilter).IsAssignableFrom(type);
        Properties = PropertiesOf(type, grainType, services);
        Placement = type.GetCustomAttribute<PlacementAttribute>(inherit: true)?.PlacementStrategy ?? defaultPlacement;
        Placement.Initialize(Properties);
        CollectionAge = AgeOf(type, collection);
        ReferenceInterface = type.GetInterfaces().Where(GrainManifest.IsGrainInterface).OrderByDescending(i => i.GetInterfaces().Length).FirstOrDefault() ?? typeof(IGrain);
        if (type.GetCustomAttribute<MayInterleaveAttribute>() is { } predicate)
        {
            _interleave = type.GetMethod(predicate.CallbackMethodName, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.FlattenHierarchy)
                ?.CreateDelegate<Func<IInvokable, bool>>()
                ?? throw new InvalidOperationException($"Class {type.FullName} has no static method {predicate.CallbackMethodName}(IInvokable) that [MayInterleave] names.");
        }

        _constructor = GrainConstructor.Of(type);
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public GrainProperties Properties { get; }

    public PlacementStrategy Placement { get; }

    public bool IsReentrant { get; }

    public bool IsFilter { get; }

    /// <summary>How long an activation may be idle; infinite for never collected.</summary>
    public TimeSpan CollectionAge { get; }

    /// <summary>The most calls that may wait for one activation; 0 for no limit.</summary>
    public int MaxQueue { get; }

    /// <summary>The interface that the grain's own reference has.</summary>
    public Type ReferenceInterface { get; }

    public bool HasInterleavePredicate => _interleave is not null;

    public bool MayInterleave(object? instance, Message message) => _interleave is not null && _interleave(new Invokable(message, instance));

    /// <summary>Makes the object; runs within a turn of the activation, so that <see cref="Grain"/> finds its context.</summary>
    public object Create(Activation activation) => _constructor.Create(activation.ActivationServices);

    static GrainProperties PropertiesOf(Type type, GrainType grainType, IServiceProvider services)
    {
        var properties = new Dictionary<string, string> { ["type-name"] = type.Name, ["full-type-name"] = type.FullName ?? type.Name };
        foreach (var attribute in type.GetCustomAttributes(inherit: true).OfType<IGrainPropertiesProviderAttribute>())
        {
            attribute.Populate(services, type, grainType, properties);
        }

        return new GrainProperties(properties.ToImmutableDictionary());
    }

    static TimeSpan AgeOf(Type type, Configuration.GrainCollectionOptions collection)
    {
        if (type.IsDefined(typeof(KeepAliveAttribute), inherit: true) || type.GetCustomAttribute<CollectionAgeLimitAttribute>() is { AlwaysActive: true })
        {
            return Timeout.InfiniteTimeSpan;
        }

        return type.GetCustomAttribute<CollectionAgeLimitAttribute>()?.AgeLimit
            ?? (collection.ClassSpecificCollectionAge.TryGetValue(type.FullName ?? "", out var age) ? age : collection.CollectionAge);
    }
}
