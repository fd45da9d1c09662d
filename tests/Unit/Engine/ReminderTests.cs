namespace Tributary.Unit.Engine;

public sealed class ReminderTests
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public interface IReminded : IGrainWithStringKey
    {
        Task Register(TimeSpan dueTime, TimeSpan period);

        Task<bool> Unregister();

        Task<int> Count();
    }

    internal sealed class Reminded(Journal journal) : Grain, IReminded, IRemindable
    {
        public Task Register(TimeSpan dueTime, TimeSpan period) => this.RegisterOrUpdateReminder("wake", dueTime, period);

        public async Task<bool> Unregister()
        {
            if (await this.GetReminder("wake") is not { } reminder)
            {
                return false;
            }

            await this.UnregisterReminder(reminder);
            return true;
        }

        public async Task<int> Count() => (await this.GetReminders()).Count;

        public Task ReceiveReminder(string reminderName, TickStatus status)
        {
            journal.Write($"{reminderName} {(status.CurrentTickTime - status.FirstTickTime) / Minute:0} {status.Period / Minute:0}");
            return Task.CompletedTask;
        }
    }

    static async Task<string[]> Ticks(EngineCluster cluster, int count)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var ticks = cluster.Silos.Silos.SelectMany((_, i) => cluster.Journal(i).Entries).ToArray();
        while (ticks.Length < count)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
            ticks = [.. cluster.Silos.Silos.SelectMany((_, i) => cluster.Journal(i).Entries)];
        }

        return ticks;
    }

    [Fact]
    public async Task A_reminder_ticks_once_per_cluster_at_its_due_time_and_by_its_period()
    {
        await using var cluster = await EngineCluster.Start(silos: 3);
        await cluster.Grain<IReminded>().Register(Minute, Minute * 2);
        await cluster.Settle();
        cluster.Clock.Advance(Minute);
        Assert.Equal(["wake 0 2"], await Ticks(cluster, 1));
        await cluster.Settle();
        cluster.Clock.Advance(Minute * 2);
        Assert.Equal(["wake 0 2", "wake 2 2"], await Ticks(cluster, 2));
    }

    [Fact]
    public async Task A_reminder_wakes_a_grain_that_is_not_active()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<IReminded>();
        await grain.Register(Minute, Minute);
        await cluster.Silos.DeactivateAsync(grain);
        await cluster.Settle();
        cluster.Clock.Advance(Minute);
        Assert.Equal(["wake 0 1"], await Ticks(cluster, 1));
    }

    [Fact]
    public async Task A_reminder_that_is_unregistered_ticks_no_more()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<IReminded>();
        await grain.Register(Minute, Minute);
        Assert.Equal(1, await grain.Count());
        Assert.True(await grain.Unregister());
        Assert.False(await grain.Unregister());
        await cluster.Settle();
        cluster.Clock.Advance(Minute * 5);
        Assert.Equal(0, await grain.Count());
        Assert.Empty(cluster.Journal().Entries);
    }

    [Fact]
    public async Task Reminders_outlive_the_silo_that_kept_them()
    {
        await using var cluster = await EngineCluster.Start(silos: 2);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => cluster.Grain<IReminded>($"r{i}").Register(Minute, Minute)));
        await cluster.Silos.KillSiloAsync(cluster.Silos.Silos[0]);
        await cluster.Settle();
        cluster.Clock.Advance(Minute);
        Assert.Equal(10, (await Ticks(cluster, 10)).Length);
    }

    [Fact]
    public async Task A_period_below_the_minimum_is_refused()
    {
        await using var cluster = await EngineCluster.Start();
        await Assert.ThrowsAsync<ArgumentException>(() => cluster.Grain<IReminded>().Register(Minute, TimeSpan.FromSeconds(59)));
    }
}
