using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.TestingHost.Simulation;

namespace Tributary.Unit.Engine;

/// <summary>Silos that die or leave, and networks that break.</summary>
public sealed class FailureTests
{
    public interface ISurvivor : IGrainWithStringKey
    {
        Task<int> Count();

        Task<string> Where();

        Task Block(string gate);

        Task<string> BlockOther(string key, string gate);

        Task Move();
    }

    [RandomPlacement]
    internal sealed class Survivor(Journal journal) : Grain, ISurvivor, IGrainMigrationParticipant
    {
        int _count;

        public override Task OnActivateAsync(CancellationToken cancellationToken)
        {
            journal.Write($"activated with {_count}");
            return Task.CompletedTask;
        }

        public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
        {
            journal.Write($"deactivated {reason.ReasonCode}");
            return Task.CompletedTask;
        }

        public Task<int> Count() => Task.FromResult(++_count);

        public Task<string> Where() => Task.FromResult(RuntimeIdentity);

        public async Task Block(string gate)
        {
            journal.Write($"{gate} begins");
            await journal.Gate(gate);
        }

        public async Task<string> BlockOther(string key, string gate)
        {
            try
            {
                await GrainFactory.GetGrain<ISurvivor>(key).Block(gate);
                return "done";
            }
            catch (SiloUnavailableException)
            {
                return "silo unavailable";
            }
        }

        public Task Move()
        {
            MigrateOnIdle();
            return Task.CompletedTask;
        }

        public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue("count", _count);

        public void OnRehydrate(IRehydrationContext rehydrationContext)
        {
            if (rehydrationContext.TryGetValue<int>("count", out var count))
            {
                _count = count;
            }
        }
    }

    static async Task<(ISurvivor Here, ISurvivor There)> OnTwoSilos(EngineCluster cluster)
    {
        var here = cluster.Grain<ISurvivor>("here");
        var place = await here.Where();
        for (var i = 0; ; i++)
        {
            var there = cluster.Grain<ISurvivor>($"there-{i}");
            if (await there.Where() != place)
            {
                return (here, there);
            }
        }
    }

    [Fact]
    public async Task A_grain_of_a_killed_silo_answers_elsewhere()
    {
        await using var cluster = await EngineCluster.Start(silos: 2);
        var grain = cluster.Grain<ISurvivor>();
        await grain.Count();
        Assert.Equal(2, await grain.Count());
        var silo = cluster.SiloOf(grain);
        var journal = silo.ServiceProvider.GetRequiredService<Journal>();
        await cluster.Silos.KillSiloAsync(silo);

        Assert.Equal(1, await grain.Count());
        Assert.NotEqual(silo.SiloAddress.ToString(), await grain.Where());
        Assert.DoesNotContain(journal.Entries, e => e.StartsWith("deactivated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Calls_under_way_to_a_killed_silo_end_at_once()
    {
        await using var cluster = await EngineCluster.Start(silos: 2);
        var (here, there) = await OnTwoSilos(cluster);
        var silo = cluster.SiloOf(there);
        var journal = silo.ServiceProvider.GetRequiredService<Journal>();
        var before = journal.Entries.Length;
        var direct = there.Block("gate");
        var through = here.BlockOther(there.GetPrimaryKeyString(), "gate");
        await journal.Reaches(before + 1);
        var activation = silo.ServiceProvider.GetRequiredService<Silo>().Catalog.Find(there.GetGrainId())!;
        while (activation.Load < 2)
        {
            await Task.Yield();
        }

        await cluster.Silos.KillSiloAsync(silo);

        await Assert.ThrowsAsync<SiloUnavailableException>(() => direct);
        Assert.Equal("silo unavailable", await through);
    }

    [Fact]
    public async Task A_grain_carries_its_memory_over_when_it_migrates()
    {
        await using var cluster = await EngineCluster.Start(silos: 2);
        var grain = cluster.Grain<ISurvivor>();
        await grain.Count();
        var from = await grain.Where();
        await grain.Move();
        Assert.Equal(2, await grain.Count());
        Assert.NotEqual(from, await grain.Where());
    }

    [Fact]
    public async Task A_grain_of_a_silo_that_stops_goes_on_elsewhere_with_its_memory()
    {
        await using var cluster = await EngineCluster.Start(silos: 2);
        var grain = cluster.Grain<ISurvivor>();
        await grain.Count();
        var silo = cluster.SiloOf(grain);
        var journal = silo.ServiceProvider.GetRequiredService<Journal>();
        await cluster.Silos.StopSiloAsync(silo);

        Assert.Equal(2, await grain.Count());
        Assert.Contains("deactivated ShuttingDown", journal.Entries);
    }

    [Fact]
    public async Task No_call_is_lost_while_a_silo_stops()
    {
        await using var cluster = await EngineCluster.Start(silos: 3);
        var stop = cluster.Silos.StopSiloAsync(cluster.Silos.Silos[1]);
        var calls = Enumerable.Range(0, 300).Select(i => cluster.Grain<ISurvivor>($"g{i % 30}").Count()).ToArray();
        await stop;
        Assert.All(await Task.WhenAll(calls), count => Assert.InRange(count, 1, 10));
    }

    [Fact]
    public async Task A_call_over_a_broken_network_times_out_and_its_late_answer_is_dropped()
    {
        await using var cluster = await EngineCluster.Start(
            silos: 2, client: c => c.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(3)));
        var network = cluster.Silos.SimulateNetwork();
        network.UseClock(cluster.Clock);
        var grain = cluster.Grain<ISurvivor>();
        await grain.Count();
        await cluster.Settle();
        network.Delay = m => m.IsResponse ? TimeSpan.FromSeconds(10) : TimeSpan.Zero;
        var slow = grain.Count();
        await cluster.Settle();
        cluster.Clock.Advance(TimeSpan.FromSeconds(4));
        await Assert.ThrowsAsync<TimeoutException>(() => slow);
        network.Heal();
        cluster.Clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(3, await grain.Count());
    }

    [Fact]
    public async Task A_partition_stops_calls_between_two_silos_until_it_heals()
    {
        await using var cluster = await EngineCluster.Start(
            silos: 2, configure: silo => silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(2)));
        var network = cluster.Silos.SimulateNetwork();
        var (here, there) = await OnTwoSilos(cluster);
        network.Partition(cluster.SiloOf(here).SiloAddress, cluster.SiloOf(there).SiloAddress);
        var silo = cluster.SiloOf(here).ServiceProvider;
        here = silo.GetRequiredService<IGrainFactory>().GetGrain<ISurvivor>(here.GetPrimaryKeyString());
        var call = here.BlockOther(there.GetPrimaryKeyString(), "open");
        while (silo.GetRequiredService<Silo>().Calls.Count < 2)
        {
            await Task.Yield();
        }

        cluster.Clock.Advance(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAsync<TimeoutException>(() => call);
        network.Heal();
        cluster.SiloOf(there).ServiceProvider.GetRequiredService<Journal>().Open("open");
        Assert.Equal("done", await here.BlockOther(there.GetPrimaryKeyString(), "open"));
    }

    [Fact]
    public async Task Only_one_activation_lives_when_many_callers_begin_at_once()
    {
        await using var cluster = await EngineCluster.Start(silos: 3);
        var factories = cluster.Silos.Silos.Select(s => s.ServiceProvider.GetRequiredService<IGrainFactory>()).ToArray();
        for (var round = 0; round < 20; round++)
        {
            var key = $"contended-{round}";
            var places = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(() => factories[i % 3].GetGrain<ISurvivor>(key).Where())));
            Assert.Single(places.Distinct());
        }
    }

    [Fact]
    public async Task A_client_without_gateways_is_told_so()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<ISurvivor>();
        await grain.Count();
        await cluster.Silos.KillSiloAsync(cluster.Silos.Silos[0]);
        await Assert.ThrowsAsync<SiloUnavailableException>(grain.Count);
        await cluster.Silos.StartAdditionalSiloAsync();
        Assert.Equal(1, await grain.Count());
    }
}
