using System.Globalization;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Serialization.Invocation;

namespace Tributary.Unit.Engine;

/// <summary>Which calls of a grain may run between each other's turns.</summary>
public sealed class TurnTests
{
    public interface IWork : IGrainWithStringKey
    {
        Task Block(string gate);

        Task Quick(string name);

        [AlwaysInterleave]
        Task Always(string name);

        [ReadOnly]
        Task ReadSlow(string gate);

        [ReadOnly]
        Task Read(string name);

        Task<int> Count(int times);
    }

    public interface IReentrantWork : IWork;

    public interface IPredicateWork : IWork;

    public interface IChain : IGrainWithStringKey
    {
        Task<string> CallAndComeBack(string other, bool allow);

        Task<string> CallBack(string first);

        Task<string> Answer();
    }

    internal abstract class WorkBase(Journal journal) : Grain, IWork
    {
        int _inside;
        int _count;

        public async Task Block(string gate)
        {
            journal.Write($"{gate} begins");
            await journal.Gate(gate);
            journal.Write($"{gate} ends");
        }

        public Task Quick(string name)
        {
            journal.Write(name);
            return Task.CompletedTask;
        }

        public Task Always(string name) => Quick(name);

        public Task ReadSlow(string gate) => Block(gate);

        public Task Read(string name) => Quick(name);

        // Fails when two threads, or two turns of different calls, are inside at once.
        public async Task<int> Count(int times)
        {
            for (var i = 0; i < times; i++)
            {
                Assert.Equal(1, Interlocked.Increment(ref _inside));
                var before = _count;
                Assert.IsType<TurnScheduler>(TaskScheduler.Current);
                _count = before + 1;
                Interlocked.Decrement(ref _inside);
                await Task.Yield();
                Assert.Same(GrainContext, RuntimeContext.Current);
            }

            return _count;
        }
    }

    internal sealed class Work(Journal journal) : WorkBase(journal);

    [Reentrant]
    internal sealed class ReentrantWork(Journal journal) : WorkBase(journal), IReentrantWork;

    [MayInterleave(nameof(Allowed))]
    internal sealed class PredicateWork(Journal journal) : WorkBase(journal), IPredicateWork
    {
        public static bool Allowed(IInvokable request) => request.GetMethodName() == nameof(Quick) && request.GetArgument(0) is "allowed";
    }

    internal sealed class Chain : Grain, IChain
    {
        public async Task<string> CallAndComeBack(string other, bool allow)
        {
            using var section = allow ? RequestContext.AllowCallChainReentrancy() : RequestContext.SuppressCallChainReentrancy();
            return await GrainFactory.GetGrain<IChain>(other).CallBack(this.GetPrimaryKeyString());
        }

        public Task<string> CallBack(string first) => GrainFactory.GetGrain<IChain>(first).Answer();

        public Task<string> Answer() => Task.FromResult("answered");
    }

    [Theory]
    [InlineData("Work")]
    [InlineData("ReentrantWork")]
    public async Task Turns_never_overlap_and_awaits_come_back_to_the_activation(string name)
    {
        await using var cluster = await EngineCluster.Start();
        IWork grain = name == "Work" ? cluster.Client.GetGrain<IWork>("a", typeof(Work).FullName) : cluster.Grain<IReentrantWork>();

        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => grain.Count(50)));

        Assert.Equal(1000, results.Max());
    }

    [Fact]
    public async Task A_call_waits_until_the_one_before_it_is_over()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Client.GetGrain<IWork>("a", typeof(Work).FullName);
        var first = grain.Block("gate");
        var second = grain.Quick("second");
        await cluster.Journal().Reaches(1);

        cluster.Journal().Open("gate");
        await Task.WhenAll(first, second);

        Assert.Equal(["gate begins", "gate ends", "second"], cluster.Journal().Entries);
    }

    [Fact]
    public async Task Calls_of_a_reentrant_grain_run_between_each_other()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<IReentrantWork>();
        var first = grain.Block("gate");
        await grain.Quick("second");

        cluster.Journal().Open("gate");
        await first;

        Assert.Equal(["gate begins", "second", "gate ends"], cluster.Journal().Entries);
    }

    [Fact]
    public async Task An_always_interleaving_method_passes_a_call_that_waits()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Client.GetGrain<IWork>("a", typeof(Work).FullName);
        var first = grain.Block("gate");
        var waiting = grain.Quick("waiting");
        await grain.Always("always");

        cluster.Journal().Open("gate");
        await Task.WhenAll(first, waiting);

        Assert.Equal(["gate begins", "always", "gate ends", "waiting"], cluster.Journal().Entries);
    }

    [Fact]
    public async Task Read_only_calls_run_between_each_other_but_not_between_others()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Client.GetGrain<IWork>("a", typeof(Work).FullName);
        var reading = grain.ReadSlow("read");
        await grain.Read("second reader");
        var writing = grain.Block("write");
        await grain.Read("third reader");
        cluster.Journal().Open("read");
        await reading;
        await cluster.Journal().Reaches(5);
        var late = grain.Read("late reader");
        cluster.Journal().Open("write");
        await Task.WhenAll(writing, late);

        Assert.Equal(
            ["read begins", "second reader", "third reader", "read ends", "write begins", "write ends", "late reader"], cluster.Journal().Entries);
    }

    [Fact]
    public async Task A_predicate_lets_the_calls_pass_that_it_names()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<IPredicateWork>();
        var first = grain.Block("gate");
        var refused = grain.Quick("refused");
        await grain.Quick("allowed");
        cluster.Journal().Open("gate");
        await Task.WhenAll(first, refused);

        Assert.Equal(["gate begins", "allowed", "gate ends", "refused"], cluster.Journal().Entries);
    }

    [Fact]
    public async Task A_call_chain_may_come_back_where_that_was_allowed()
    {
        await using var cluster = await EngineCluster.Start(silos: 2);
        Assert.Equal("answered", await cluster.Grain<IChain>("first").CallAndComeBack("second", allow: true));
    }

    [Fact]
    public async Task A_call_chain_that_comes_back_uninvited_ends_at_the_response_timeout()
    {
        await using var cluster = await EngineCluster.Start(configure: silo => silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(2)));
        var call = cluster.Grain<IChain>("first").CallAndComeBack("second", allow: false);
        while (!call.IsCompleted)
        {
            cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => call);
        Assert.Contains("Response did not arrive on time", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_of_one_caller_arrive_in_order()
    {
        await using var cluster = await EngineCluster.Start(silos: 3);
        var grain = cluster.Client.GetGrain<IWork>("ordered", typeof(Work).FullName);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => grain.Quick(i.ToString(CultureInfo.InvariantCulture))));

        var silo = cluster.Silos.Silos.IndexOf(cluster.SiloOf(grain));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => i.ToString(CultureInfo.InvariantCulture)), cluster.Journal(silo).Entries);
    }
}
