using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Tributary.Unit.Engine;

public sealed class PlacementTests
{
    public interface IPlaced : IGrainWithStringKey
    {
        Task<string> Where();
    }

    public interface INear : IPlaced;

    public interface IByHash : IPlaced;

    public interface IPinned : IPlaced;

    public interface IWorker : IPlaced
    {
        Task<ActivationId> Work(string gate);
    }

    internal abstract class PlacedBase : Grain, IPlaced
    {
        public Task<string> Where() => Task.FromResult(RuntimeIdentity);
    }

    [PreferLocalPlacement]
    internal sealed class Near : PlacedBase, INear;

    [HashBasedPlacement]
    internal sealed class ByHash : PlacedBase, IByHash;

    [Pinned]
    internal sealed class PinnedGrain : PlacedBase, IPinned;

    [StatelessWorker(2)]
    internal sealed class Worker(Journal journal) : PlacedBase, IWorker
    {
        public async Task<ActivationId> Work(string gate)
        {
            journal.Write(gate);
            await journal.Gate(gate);
            return GrainContext.ActivationId;
        }
    }

    public sealed class PinnedPlacement : PlacementStrategy;

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class PinnedAttribute() : PlacementAttribute(new PinnedPlacement());

    public sealed class PinnedDirector(ISiloStatusOracle oracle) : IPlacementDirector
    {
        public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context) => Task.FromResult(
            context.GetCompatibleSilos(target).First(s => oracle.TryGetSiloName(s, out var name) && name == target.GrainIdentity.Key.ToString()));
    }

    [Fact]
    public async Task Prefer_local_places_on_the_silo_that_asks()
    {
        await using var cluster = await EngineCluster.Start(silos: 3);
        foreach (var silo in cluster.Silos.Silos)
        {
            var grain = silo.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<INear>(silo.Name);
            Assert.Equal(silo.SiloAddress.ToString(), await grain.Where());
        }
    }

    [Fact]
    public async Task The_same_hash_gives_the_same_silo()
    {
        await using var cluster = await EngineCluster.Start(silos: 3);
        var grain = cluster.Grain<IByHash>();
        var first = await grain.Where();
        await cluster.Silos.DeactivateAsync(grain);
        Assert.Equal(first, await grain.Where());
    }

    [Fact]
    public async Task A_hint_names_the_silo()
    {
        await using var cluster = await EngineCluster.Start(silos: 3);
        foreach (var silo in cluster.Silos.Silos)
        {
            RequestContext.Set(IPlacementDirector.PlacementHintKey, silo.SiloAddress);
            Assert.Equal(silo.SiloAddress.ToString(), await cluster.Grain<IByHash>($"hinted-{silo.Name}").Where());
        }

        RequestContext.Clear();
    }

    [Fact]
    public async Task A_director_of_the_application_places_its_grains()
    {
        await using var cluster = await EngineCluster.Start(silos: 3, configure: silo => silo.AddPlacementDirector<PinnedPlacement, PinnedDirector>());
        foreach (var silo in cluster.Silos.Silos)
        {
            Assert.Equal(silo.SiloAddress.ToString(), await cluster.Grain<IPinned>(silo.Name).Where());
        }
    }

    [Fact]
    public async Task Stateless_workers_work_side_by_side_up_to_their_number()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<IWorker>();
        var calls = new[] { grain.Work("1"), grain.Work("2"), grain.Work("3") };
        await cluster.Journal().Reaches(2);
        Assert.Equal(2, cluster.Journal().Entries.Length);
        cluster.Journal().Open("1");
        cluster.Journal().Open("2");
        cluster.Journal().Open("3");
        Assert.Equal(2, (await Task.WhenAll(calls)).Distinct().Count());
    }
}
