using System.Diagnostics;
using Xunit.Abstractions;

namespace Tributary.Cluster.Engine.Processes;

/// <summary>One cluster of real processes under load, broken in one way after another. Figures are printed.</summary>
[Collection("processes")]
public sealed class FaultTests(ITestOutputHelper output)
{
    [SkippableFact(Timeout = 180_000)]
    public async Task All_silos_are_restarted_one_after_the_other_and_no_call_fails()
    {
        await using var cluster = await ProcessTestCluster.Start(3);
        await cluster.Database.RecordHistory();
        await using var load = new Load(cluster);
        await Eventually.IsTrue(TimeSpan.FromSeconds(30), () => Task.FromResult(load.Reads > 100 && load.Writes > 100));
        foreach (var silo in cluster.Silos.ToArray())
        {
            var watch = Stopwatch.StartNew();
            silo.Signal("TERM");
            await silo.Ends(TimeSpan.FromSeconds(40));
            Say($"SIGTERM: {silo.Name} ended after {watch.ElapsedMilliseconds} ms, {load.FailedReads + load.FailedWrites} calls failed so far");
            await cluster.Restart(silo);
        }

        await load.Stop();
        Say($"rolling restart: {load.Reads} reads and {load.Writes} writes, {load.FailedReads} and {load.FailedWrites} failed, the longest call took {load.Longest.TotalMilliseconds:0} ms");
        Assert.True(load.FailedReads + load.FailedWrites == 0, $"{string.Join('\n', load.Failures)}\n{cluster.Logs()}");
        foreach (var (key, count) in load.Acknowledged)
        {
            Assert.Equal(count, await cluster.Counter(key).Get());
        }

        Say(await cluster.CheckHistory());
    }

    [SkippableFact(Timeout = 300_000)]
    public async Task Silos_and_PostgreSQL_are_killed_and_stopped_and_nothing_acknowledged_is_lost()
    {
        await using var cluster = await ProcessTestCluster.Start(3);
        await cluster.Database.RecordHistory();
        await using (var load = new Load(cluster))
        {
            await KillSilo(cluster);
            await Away(cluster, load, "kill -9 of PostgreSQL, 8 s", async () =>
            {
                await cluster.Database.Kill();
                await Task.Delay(TimeSpan.FromSeconds(8));
                await cluster.Database.Begin();
            });
            await Away(cluster, load, "SIGSTOP of PostgreSQL, 20 s", async () =>
            {
                cluster.Database.Signal("STOP");
                await Task.Delay(TimeSpan.FromSeconds(20));
                cluster.Database.Signal("CONT");
            });
            await StopSilo(cluster);
            await load.Stop();
            Say($"{load.Reads} reads and {load.Writes} writes, {load.FailedReads} and {load.FailedWrites} failed");
            await load.CheckNothingLost(cluster);
        }

        Say(await cluster.CheckHistory());
    }

    [SkippableFact(Timeout = 120_000)]
    public async Task Everything_is_killed_and_calls_are_answered_soon_after_it_is_started_again()
    {
        await using var cluster = await ProcessTestCluster.Start(3);
        await cluster.Database.RecordHistory();
        await KillEverything(cluster);
        Say(await cluster.CheckHistory());
    }

    async Task KillSilo(ProcessTestCluster cluster)
    {
        var victim = cluster.Silos[1];
        var counter = await cluster.CounterOn(victim, "killed");
        await counter.Add(7);
        var watch = Stopwatch.StartNew();
        victim.Kill();
        await Eventually.Succeeds(TimeSpan.FromSeconds(30), async () => Assert.Equal(7, await counter.Get()));
        Say($"kill -9 of a silo: its grain answered elsewhere after {watch.ElapsedMilliseconds} ms");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), cluster.Logs());
        await cluster.Restart(victim);
    }

    // What runs, runs on: no read fails, and nobody is declared dead. Writes fail, of course, and go on afterwards.
    async Task Away(ProcessTestCluster cluster, Load load, string what, Func<Task> fault)
    {
        await Eventually.IsTrue(TimeSpan.FromSeconds(20), async () => 3L == (long)(await cluster.Database.Scalar("SELECT count(*) FROM OrleansMembershipTable WHERE Status = 3"))!);
        var (reads, failed, deaths) = (load.Reads, load.FailedReads, cluster.Deaths);
        await fault();
        Say($"{what}: {load.Reads - reads} reads meanwhile, {load.FailedReads - failed} failed, {cluster.Deaths - deaths} silos declared dead");
        Assert.True(load.FailedReads == failed, $"{string.Join('\n', load.Failures)}\n{cluster.Logs()}");
        Assert.Equal(deaths, cluster.Deaths);
        var (writes, watch) = (load.Writes, Stopwatch.StartNew());
        await Eventually.IsTrue(TimeSpan.FromSeconds(30), () => Task.FromResult(load.Writes > writes + 10));
        Say($"{what}: writes went on {watch.ElapsedMilliseconds} ms after it was back");
    }

    async Task StopSilo(ProcessTestCluster cluster)
    {
        var victim = cluster.Silos.Last(s => !s.HasExited);
        var counter = await cluster.CounterOn(victim, "stopped");
        await counter.Add(3);
        var watch = Stopwatch.StartNew();
        victim.Signal("STOP");
        await Eventually.Succeeds(TimeSpan.FromSeconds(40), async () => Assert.Equal(3, await counter.Get()));
        Say($"SIGSTOP of a silo: its grain answered elsewhere after {watch.ElapsedMilliseconds} ms");
        await Task.Delay(TimeSpan.FromSeconds(Math.Max(0, 20 - watch.Elapsed.TotalSeconds)));
        watch.Restart();
        victim.Signal("CONT");
        await victim.Ends(TimeSpan.FromSeconds(30));
        Say($"SIGCONT after 20 s: it found itself declared dead and ended after {watch.ElapsedMilliseconds} ms");
        await cluster.Restart(victim);
    }

    async Task KillEverything(ProcessTestCluster cluster)
    {
        await cluster.Counter("cold").Add(4);
        await cluster.StopClient();
        var silos = cluster.Silos.Where(s => !s.HasExited).ToArray();
        Array.ForEach(silos, silo => silo.Kill());
        await cluster.Database.Kill();
        await Task.WhenAll(silos.Select(silo => silo.Ends(TimeSpan.FromSeconds(10))));
        await cluster.Database.Begin();
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(silos.Select(cluster.Restart));
        await cluster.StartClient();
        Assert.Equal(4, await cluster.Counter("cold").Get());
        Say($"kill -9 of everything: {watch.ElapsedMilliseconds} ms from the start of three silo processes to the first answer, PostgreSQL being up");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), cluster.Logs());
    }

    // To the log of the run as well: figures are what these tests are for.
    void Say(string figure)
    {
        output.WriteLine(figure);
        Console.WriteLine(figure);
    }
}
