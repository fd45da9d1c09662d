using Microsoft.Extensions.DependencyInjection;

namespace Orleans.Runtime.Placement;

/// <summary>Chooses silos for the messages of one silo: asks the director of the grain's strategy, custom ones first.</summary>
sealed class PlacementService(Silo silo) : IPlacementContext
{
    public SiloAddress LocalSilo => silo.Address;

    public SiloStatus LocalSiloStatus => silo.Oracle.CurrentStatus;

    public Task<SiloAddress> Choose(GrainId grainId, GrainClass grainClass, Message message) =>
        Choose(grainClass.Placement, new PlacementTarget(grainId, Values(message.Context), message.Method?.InterfaceType ?? default, 0), this);

    /// <summary>A silo other than the activation's, or the one that the request context names; null when there is none.</summary>
    public async Task<SiloAddress?> ChooseElsewhere(Activation activation, Dictionary<string, object>? requestContext)
    {
        var target = new PlacementTarget(activation.GrainId, requestContext ?? [], default, 0);
        var silos = GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(requestContext, silos) is { } hint)
        {
            return hint;
        }

        var elsewhere = silos.Where(s => !s.Equals(silo.Address)).ToArray();
        return elsewhere.Length == 0 ? null : await Choose(activation.Class.Placement, target, new Elsewhere(this, elsewhere));
    }

    public SiloAddress[] GetCompatibleSilos(PlacementTarget target)
    {
        var active = silo.Oracle.GetActiveSilos().Where(s => !silo.Cluster.HasLeft(s)).ToArray();
        return active.Length > 0 ? active
            : LocalSiloStatus is SiloStatus.Joining or SiloStatus.Active ? [silo.Address]
            : throw new SiloUnavailableException($"No silo of the cluster is active to hold {target.GrainIdentity}.");
    }

    public IReadOnlyDictionary<ushort, SiloAddress[]> GetCompatibleSilosWithVersions(PlacementTarget target) =>
        new Dictionary<ushort, SiloAddress[]> { [0] = GetCompatibleSilos(target) };

    Task<SiloAddress> Choose(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        if (silo.Services.GetKeyedService<IPlacementDirector>(strategy.GetType()) is { } director)
        {
            return director.OnAddActivation(strategy, target, context);
        }

        var silos = context.GetCompatibleSilos(target);
        var hint = IPlacementDirector.GetPlacementHint(target.RequestContextData, silos);
        return Task.FromResult(strategy switch
        {
            HashBasedPlacement => hint ?? silos.Order().ElementAt((int)(target.GrainIdentity.GetUniformHashCode() % (uint)silos.Length)),
            PreferLocalPlacement => hint ?? (silos.Contains(silo.Address) ? silo.Address : Any(silos)),
            ActivationCountBasedPlacement or ResourceOptimizedPlacement => hint ?? Fewest(silos),
            SiloRoleBasedPlacement => InRole(silos, target.GrainIdentity.Key.ToString()),
            KeyedBySiloPlacement => silos.FirstOrDefault(s => s.ToParsableString() == target.GrainIdentity.Key.ToString())
                ?? throw new SiloUnavailableException($"{target.GrainIdentity.Key} is no active silo."),
            RandomPlacement => hint ?? Any(silos),
            _ => throw new InvalidOperationException($"There is no placement director for {strategy.GetType()}: register one with AddPlacementDirector.")
        });
    }

    SiloAddress Any(SiloAddress[] silos) => silos[silo.Random.Next(silos.Length)];

    // Ties are broken at random, or every silo would place its first grains on the same one.
    SiloAddress Fewest(SiloAddress[] silos)
    {
        silo.Random.Shuffle(silos);
        return silos.MinBy(s => silo.Cluster.ActivationsOf(s))!;
    }

    SiloAddress InRole(SiloAddress[] silos, string role)
    {
        var inRole = silos.Where(s => silo.Oracle.TryGetSiloName(s, out var name) && name == role).ToArray();
        return inRole.Length > 0 ? Any(inRole) : throw new OrleansException($"Cannot place grain because there are no active silos in the role {role}.");
    }

    static Dictionary<string, object> Values(CallContext? context) => context?.Values ?? [];

    sealed class Elsewhere(PlacementService inner, SiloAddress[] silos) : IPlacementContext
    {
        public SiloAddress LocalSilo => inner.LocalSilo;

        public SiloStatus LocalSiloStatus => inner.LocalSiloStatus;

        public SiloAddress[] GetCompatibleSilos(PlacementTarget target) => [.. silos];

        public IReadOnlyDictionary<ushort, SiloAddress[]> GetCompatibleSilosWithVersions(PlacementTarget target) => new Dictionary<ushort, SiloAddress[]> { [0] = [.. silos] };
    }
}
