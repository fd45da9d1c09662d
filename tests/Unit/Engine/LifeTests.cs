using Orleans.Configuration;

namespace Tributary.Unit.Engine;

/// <summary>How activations begin and end.</summary>
public sealed class LifeTests
{
    public interface ILife : IGrainWithStringKey
    {
        Task<int> Touch();

        Task Leave();

        Task Keep(TimeSpan time);

        Task Block(string gate);
    }

    public interface IKeptLife : ILife;

    public interface IFailing : IGrainWithStringKey
    {
        Task<string> Hello();
    }

    public interface IPoco : IGrainWithIntegerKey
    {
        Task<string> Describe();
    }

    internal class Life(Journal journal) : Grain, ILife
    {
        int _touches;

        public override Task OnActivateAsync(CancellationToken cancellationToken)
        {
            journal.Write("activated");
            return Task.CompletedTask;
        }

        public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
        {
            journal.Write($"deactivated {reason.ReasonCode}");
            return Task.CompletedTask;
        }

        public Task<int> Touch() => Task.FromResult(++_touches);

        public Task Leave()
        {
            DeactivateOnIdle();
            return Task.CompletedTask;
        }

        public Task Keep(TimeSpan time)
        {
            DelayDeactivation(time);
            return Task.CompletedTask;
        }

        public Task Block(string gate) => journal.Gate(gate);
    }

    [KeepAlive]
    internal sealed class KeptLife(Journal journal) : Life(journal), IKeptLife;

    internal sealed class Failing(Journal journal) : Grain, IFailing
    {
        public override Task OnActivateAsync(CancellationToken cancellationToken)
        {
            journal.Write("tried");
            return journal.Entries.Length < 2 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
        }

        public Task<string> Hello() => Task.FromResult("hello");
    }

    internal sealed class Poco(IGrainContext context, Journal journal) : IGrainBase, IPoco, IDisposable
    {
        public IGrainContext GrainContext => context;

        public Task OnActivateAsync(CancellationToken token)
        {
            journal.Write("activated");
            return Task.CompletedTask;
        }

        public Task<string> Describe() => Task.FromResult($"{this.GetPrimaryKeyLong()} {context.GrainId}");

        public void Dispose() => journal.Write("disposed");
    }

    static string LifeName => typeof(Life).FullName!;

    [Fact]
    public async Task A_grain_that_deactivates_lives_again_at_the_next_call()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Client.GetGrain<ILife>("a", LifeName);
        Assert.Equal(1, await grain.Touch());
        Assert.Equal(2, await grain.Touch());
        await grain.Leave();
        Assert.Equal(1, await grain.Touch());
        Assert.Equal(["activated", "deactivated ApplicationRequested", "activated"], cluster.Journal().Entries);
    }

    [Fact]
    public async Task Calls_that_come_while_a_grain_ends_are_answered_by_its_next_life()
    {
        await using var cluster = await EngineCluster.Start(silos: 2);
        var grain = cluster.Client.GetGrain<ILife>("a", LifeName);
        var calls = new List<Task<int>>();
        for (var i = 0; i < 50; i++)
        {
            calls.Add(grain.Touch());
            _ = grain.Leave();
        }

        Assert.All(await Task.WhenAll(calls), touches => Assert.True(touches > 0));
    }

    [Fact]
    public async Task An_idle_grain_is_collected_after_its_age()
    {
        await using var cluster = await EngineCluster.Start(
            configure: silo => silo.Configure<GrainCollectionOptions>(o => o.CollectionAge = TimeSpan.FromMinutes(2)));
        await cluster.Client.GetGrain<ILife>("a", LifeName).Touch();
        await cluster.Settle();
        cluster.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Single(cluster.Journal().Entries);
        cluster.Clock.Advance(TimeSpan.FromMinutes(2));
        await cluster.Journal().Reaches(2);
        Assert.Equal("deactivated ActivationIdle", cluster.Journal().Entries[1]);
    }

    [Fact]
    public async Task A_kept_grain_and_a_delayed_one_and_one_at_work_are_not_collected()
    {
        await using var cluster = await EngineCluster.Start();
        var delayed = cluster.Client.GetGrain<ILife>("delayed", LifeName);
        await delayed.Keep(TimeSpan.FromDays(2));
        await cluster.Grain<IKeptLife>().Touch();
        var busy = cluster.Client.GetGrain<ILife>("busy", LifeName);
        var work = busy.Block("gate");
        await cluster.Journal().Reaches(3);
        cluster.Clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal(["activated", "activated", "activated"], cluster.Journal().Entries);

        cluster.Journal().Open("gate");
        await Assert.ThrowsAsync<TimeoutException>(() => work);
        await busy.Touch();
        await cluster.Settle();
        cluster.Clock.Advance(TimeSpan.FromDays(3));
        await cluster.Journal().Reaches(5);
        Assert.True(cluster.Silos.TryGetGrainContext(cluster.Grain<IKeptLife>().GetGrainId(), out _));
    }

    [Fact]
    public async Task Callers_get_the_exception_of_an_activation_that_fails_and_the_next_call_tries_again()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<IFailing>();
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(grain.Hello);
        Assert.Equal("not yet", exception.Message);
        Assert.Equal("hello", await grain.Hello());
    }

    [Fact]
    public async Task A_class_that_only_implements_IGrainBase_is_a_grain()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Client.GetGrain<IPoco>(255);
        Assert.Equal("255 poco/FF", await grain.Describe());
        await cluster.Silos.DeactivateAsync(grain);
        Assert.Equal(["activated", "disposed"], cluster.Journal().Entries);
    }

    [Fact]
    public async Task A_silo_that_stops_ends_its_grains_in_good_order()
    {
        await using var cluster = await EngineCluster.Start();
        await cluster.Client.GetGrain<ILife>("a", LifeName).Touch();
        var journal = cluster.Journal();
        await cluster.Silos.StopAllSilosAsync();
        Assert.Equal(["activated", "deactivated ShuttingDown"], journal.Entries);
    }
}
