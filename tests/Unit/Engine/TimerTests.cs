namespace Tributary.Unit.Engine;

public sealed class TimerTests
{
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public interface ITicking : IGrainWithStringKey
    {
        Task Start(bool interleave, bool keepAlive, bool blocking);

        Task Stop();

        Task Change(TimeSpan dueTime, TimeSpan period);

        Task Block(string gate);

        Task<int> Ticks();
    }

    internal sealed class Ticking(Journal journal) : Grain, ITicking
    {
        IGrainTimer? _timer;
        int _ticks;

        public Task Start(bool interleave, bool keepAlive, bool blocking)
        {
            _timer = this.RegisterGrainTimer(
                async (text, _) =>
                {
                    Assert.Same(GrainContext, RuntimeContext.Current);
                    journal.Write($"{text} {++_ticks}");
                    if (blocking)
                    {
                        await journal.Gate($"tick {_ticks}");
                    }
                },
                "tick",
                new GrainTimerCreationOptions(Second, Second) { Interleave = interleave, KeepAlive = keepAlive });
            return Task.CompletedTask;
        }

        public Task Stop()
        {
            _timer?.Dispose();
            return Task.CompletedTask;
        }

        public Task Change(TimeSpan dueTime, TimeSpan period)
        {
            _timer!.Change(dueTime, period);
            return Task.CompletedTask;
        }

        public async Task Block(string gate)
        {
            journal.Write($"{gate} begins");
            await journal.Gate(gate);
            journal.Write($"{gate} ends");
        }

        public Task<int> Ticks() => Task.FromResult(_ticks);

        public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
        {
            journal.Write($"deactivated {reason.ReasonCode}");
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_timer_ticks_by_its_period_until_it_is_disposed()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<ITicking>();
        await grain.Start(false, false, false);
        for (var i = 1; i <= 3; i++)
        {
            await cluster.Settle();
            cluster.Clock.Advance(Second);
            Assert.Equal(i, await grain.Ticks());
        }

        await grain.Stop();
        cluster.Clock.Advance(Second * 5);
        Assert.Equal(3, await grain.Ticks());
    }

    [Fact]
    public async Task A_tick_waits_for_the_call_that_runs()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<ITicking>();
        await grain.Start(false, false, false);
        var call = grain.Block("call");
        await cluster.Journal().Reaches(1);
        cluster.Clock.Advance(Second * 3);
        cluster.Journal().Open("call");
        await call;

        Assert.Equal(1, await grain.Ticks());
        Assert.Equal(["call begins", "call ends", "tick 1"], cluster.Journal().Entries);
    }

    [Fact]
    public async Task An_interleaving_tick_runs_between_the_turns_of_a_call()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<ITicking>();
        await grain.Start(true, false, false);
        var call = grain.Block("call");
        await cluster.Journal().Reaches(1);
        cluster.Clock.Advance(Second);
        await cluster.Journal().Reaches(2);
        cluster.Journal().Open("call");
        await call;

        Assert.Equal(["call begins", "tick 1", "call ends"], cluster.Journal().Entries);
    }

    [Fact]
    public async Task The_period_starts_when_a_tick_is_over_so_ticks_never_overlap()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<ITicking>();
        await grain.Start(true, false, blocking: true);
        cluster.Clock.Advance(Second);
        await cluster.Journal().Reaches(1);
        cluster.Clock.Advance(Second * 10);
        Assert.Single(cluster.Journal().Entries);

        cluster.Journal().Open("tick 1");
        await grain.Stop();
        Assert.Single(cluster.Journal().Entries);
    }

    [Fact]
    public async Task A_changed_timer_ticks_by_its_new_times()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<ITicking>();
        await grain.Start(false, false, false);
        await grain.Change(Second * 5, Timeout.InfiniteTimeSpan);
        cluster.Clock.Advance(Second * 4);
        Assert.Equal(0, await grain.Ticks());
        await cluster.Settle();
        cluster.Clock.Advance(Second * 20);
        Assert.Equal(1, await grain.Ticks());
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Ticks_keep_the_grain_alive_only_where_that_is_asked_for(bool keepAlive, bool collected)
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<ITicking>();
        await grain.Start(false, keepAlive, false);
        for (var i = 0; i < 20 * 60; i++)
        {
            await cluster.Settle();
            cluster.Clock.Advance(Second);
        }

        await cluster.Settle();
        Assert.Equal(collected, cluster.Journal().Entries.Contains("deactivated ActivationIdle"));
    }
}
