using Orleans.Concurrency;

namespace Tributary.Unit.Engine;

/// <summary>What travels with calls, what runs around them, and how they are cancelled.</summary>
public sealed class CallFlowTests
{
    public interface IFlow : IGrainWithStringKey
    {
        Task<string?> Context(string key, int hops);

        ValueTask<int> Double(int number);

        Task<string> WaitFor(string gate, CancellationToken cancellationToken);

        [OneWay]
        Task Throw();

        Task<GrainId> IdOf(IFlow other);
    }

    internal sealed class Flow(Journal journal) : Grain, IFlow
    {
        public Task<string?> Context(string key, int hops)
        {
            if (hops > 0)
            {
                return GrainFactory.GetGrain<IFlow>($"{this.GetPrimaryKeyString()}{hops}").Context(key, hops - 1);
            }

            var value = RequestContext.Get(key) as string;
            RequestContext.Set(key, "changed by the callee");
            return Task.FromResult(value);
        }

        public ValueTask<int> Double(int number) => new(number * 2);

        public async Task<string> WaitFor(string gate, CancellationToken cancellationToken)
        {
            journal.Write("waits");
            try
            {
                await journal.Gate(gate).WaitAsync(cancellationToken);
                return "done";
            }
            catch (OperationCanceledException)
            {
                journal.Write("cancelled");
                throw;
            }
        }

        public Task Throw() => throw new InvalidOperationException("nobody hears this");

        public Task<GrainId> IdOf(IFlow other) => Task.FromResult(other.GetGrainId());
    }

    [Fact]
    public async Task The_request_context_flows_down_a_chain_and_not_back()
    {
        await using var cluster = await EngineCluster.Start(silos: 2);
        RequestContext.Set("who", "me");
        Assert.Equal("me", await cluster.Grain<IFlow>().Context("who", 3));
        Assert.Equal("me", RequestContext.Get("who"));
        RequestContext.Clear();
        Assert.Null(await cluster.Grain<IFlow>().Context("who", 0));
        Assert.Null(await cluster.Grain<IFlow>().Context("who", 0));
    }

    [Fact]
    public async Task Filters_run_around_calls_and_may_change_arguments_and_results()
    {
        await using var cluster = await EngineCluster.Start(configure: silo => silo.AddIncomingGrainCallFilter(async context =>
        {
            if (context.MethodName == nameof(IFlow.Double))
            {
                Assert.Equal(nameof(Flow.Double), context.ImplementationMethod.Name);
                context.Request.SetArgument(0, 5);
                await context.Invoke();
                context.Result = (int)context.Result! + 1;
                return;
            }

            await context.Invoke();
        }));
        Assert.Equal(11, await cluster.Grain<IFlow>().Double(1));
    }

    [Fact]
    public async Task An_outgoing_filter_of_a_client_sees_its_calls()
    {
        var seen = new List<string>();
        await using var cluster = await EngineCluster.Start(client: client => client.AddOutgoingGrainCallFilter(async context =>
        {
            seen.Add($"{context.MethodName} {context.TargetId}");
            await context.Invoke();
        }));
        Assert.Equal(4, await cluster.Grain<IFlow>().Double(2));
        Assert.Equal(["Double flow/a"], seen);
    }

    [Fact]
    public async Task A_cancelled_call_ends_for_its_caller_and_its_callee()
    {
        await using var cluster = await EngineCluster.Start(silos: 2);
        using var stop = new CancellationTokenSource();
        var grain = cluster.Grain<IFlow>();
        var call = grain.WaitFor("never", stop.Token);
        var journal = await Waiting(cluster);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await journal.Reaches(2);
        Assert.Equal(["waits", "cancelled"], journal.Entries);
        Assert.Equal(6, await grain.Double(3));
    }

    [Fact]
    public async Task A_one_way_call_that_fails_troubles_nobody()
    {
        await using var cluster = await EngineCluster.Start();
        await cluster.Grain<IFlow>().Throw();
        Assert.Equal(2, await cluster.Grain<IFlow>().Double(1));
    }

    [Fact]
    public async Task A_reference_can_be_an_argument()
    {
        await using var cluster = await EngineCluster.Start();
        Assert.Equal(GrainId.Create("flow", "other"), await cluster.Grain<IFlow>().IdOf(cluster.Grain<IFlow>("other")));
    }

    static async Task<Journal> Waiting(EngineCluster cluster)
    {
        var journals = cluster.Silos.Silos.Select((_, i) => cluster.Journal(i)).ToArray();
        await Task.WhenAny(journals.Select(j => j.Reaches(1)));
        return journals.First(j => j.Entries.Length > 0);
    }
}
