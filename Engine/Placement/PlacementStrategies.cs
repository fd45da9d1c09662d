using Orleans.Metadata;

namespace Orleans.Runtime
{
    /// <summary>Names how the silo of a new activation is chosen; the director of that name chooses.</summary>
    [GenerateSerializer]
    public abstract class PlacementStrategy
    {
        /// <summary>False for grains that have an activation of their own on every silo that asks.</summary>
        public virtual bool IsUsingGrainDirectory => true;

        public virtual void Initialize(GrainProperties properties) { }

        public virtual void PopulateGrainProperties(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties) { }
    }

    /// <summary>Any silo.</summary>
    [GenerateSerializer, Immutable]
    public class RandomPlacement : PlacementStrategy;

    /// <summary>The silo that asks, else any.</summary>
    [GenerateSerializer, Immutable]
    public class PreferLocalPlacement : PlacementStrategy;

    /// <summary>The silo that the hash of the grain id gives.</summary>
    [GenerateSerializer, Immutable]
    public class HashBasedPlacement : PlacementStrategy;

    /// <summary>The silo with the fewest activations.</summary>
    [GenerateSerializer, Immutable]
    public class ActivationCountBasedPlacement : PlacementStrategy;

    /// <summary>The silo with the most to spare; the default.</summary>
    [GenerateSerializer, Immutable]
    public sealed class ResourceOptimizedPlacement : PlacementStrategy;

    /// <summary>A silo whose name is the key of the grain.</summary>
    [GenerateSerializer, Immutable]
    public class SiloRoleBasedPlacement : PlacementStrategy;

    /// <summary>The silo whose address is the key of the grain: the engine's own grains.</summary>
    sealed class KeyedBySiloPlacement : PlacementStrategy;

    /// <summary>Every silo for itself; see <see cref="Concurrency.StatelessWorkerAttribute"/>.</summary>
    sealed class StatelessWorkerPlacement(int maxLocal, bool removeIdle) : PlacementStrategy
    {
        public int MaxLocal { get; } = Math.Max(1, maxLocal);

        public bool RemoveIdle => removeIdle;

        public override bool IsUsingGrainDirectory => false;
    }
}

namespace Orleans.Placement
{
    using Orleans.Runtime;

    /// <summary>Says how activations of a grain class are placed.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public abstract class PlacementAttribute : Attribute, IGrainPropertiesProviderAttribute
    {
        protected PlacementAttribute(PlacementStrategy placement)
        {
            ArgumentNullException.ThrowIfNull(placement);
            PlacementStrategy = placement;
        }

        public PlacementStrategy PlacementStrategy { get; }

        public virtual void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
        {
            properties["placement-strategy"] = PlacementStrategy.GetType().Name;
            PlacementStrategy.PopulateGrainProperties(services, grainClass, grainType, properties);
        }
    }

    /// <summary>Any silo.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class RandomPlacementAttribute() : PlacementAttribute(new RandomPlacement());

    /// <summary>The silo that asks, else any.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class PreferLocalPlacementAttribute() : PlacementAttribute(new PreferLocalPlacement());

    /// <summary>The silo that the hash of the grain id gives.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class HashBasedPlacementAttribute() : PlacementAttribute(new HashBasedPlacement());

    /// <summary>The silo with the fewest activations.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class ActivationCountBasedPlacementAttribute() : PlacementAttribute(new ActivationCountBasedPlacement());

    /// <summary>The silo with the most to spare.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class ResourceOptimizedPlacementAttribute() : PlacementAttribute(new ResourceOptimizedPlacement());

    /// <summary>A silo whose name is the key of the grain.</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
    public sealed class SiloRoleBasedPlacementAttribute() : PlacementAttribute(new SiloRoleBasedPlacement());

    [AttributeUsage(AttributeTargets.Class)]
    sealed class KeyedBySiloPlacementAttribute() : PlacementAttribute(new KeyedBySiloPlacement());
}
