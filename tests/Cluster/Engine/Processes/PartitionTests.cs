using System.Diagnostics;
using Xunit.Abstractions;

namespace Tributary.Cluster.Engine.Processes;

/// <summary>Three silos on three machines (network namespaces), cut off from each other and from PostgreSQL. No refused connection proves a death here: votes do.</summary>
[Collection("processes")]
public sealed class PartitionTests(ITestOutputHelper output)
{
    [SkippableFact(Timeout = 300_000)]
    public async Task A_silo_that_is_cut_off_is_declared_dead_by_votes_and_ends_itself_when_it_sees_that()
    {
        Skip.If(Network.Missing is not null, Network.Missing);
        await using var network = await Network.Build(3);
        await using var cluster = await ProcessTestCluster.Start(network);
        await cluster.Database.RecordHistory();
        await using (var load = new Load(cluster))
        {
            await Lossy(network, cluster, load);
            await KillAcross(cluster);
            await Cut(cluster, "from everybody, both ways", "in", "out");
            await Cut(cluster, "from everybody, what it sends", "out");
            await Cut(cluster, "from everybody, what it is sent", "in");
            await Cut(cluster, "from the other silos only, both ways", [.. network.Hosts.SelectMany(h => new[] { $"in ip saddr {h.Address}", $"out ip daddr {h.Address}" })]);
            await load.Stop();
            Say($"{load.Reads} reads and {load.Writes} writes, {load.FailedReads} and {load.FailedWrites} failed");
            await load.CheckNothingLost(cluster);
        }

        Say(await cluster.CheckHistory());
    }

    // One packet of ten is lost on every cable: calls become slow, nobody is declared dead.
    async Task Lossy(Network network, ProcessTestCluster cluster, Load load)
    {
        var (deaths, reads, failed) = (cluster.Deaths, load.Reads, load.FailedReads);
        foreach (var host in network.Hosts)
        {
            await Network.Drop(host, "in iif eth0 numgen random mod 100 < 10");
        }

        await Task.Delay(TimeSpan.FromSeconds(10));
        foreach (var host in network.Hosts)
        {
            await Network.Heal(host);
        }

        Say($"10 % of packets lost for 10 s: {load.Reads - reads} reads, {load.FailedReads - failed} failed, {cluster.Deaths - deaths} silos declared dead");
        Assert.True(cluster.Deaths == deaths, cluster.Logs());
    }

    async Task KillAcross(ProcessTestCluster cluster)
    {
        var victim = cluster.Silos[^1];
        var counter = await Known(cluster, victim);
        var watch = Stopwatch.StartNew();
        victim.Kill();
        await Eventually.Succeeds(TimeSpan.FromSeconds(40), async () => Assert.Equal(1, await counter.Get()));
        Say($"kill -9 of a silo on another machine: its grain answered elsewhere after {watch.ElapsedMilliseconds} ms");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), cluster.Logs());
        await cluster.Restart(victim);
    }

    async Task Cut(ProcessTestCluster cluster, string what, params string[] rules)
    {
        var victim = cluster.Silos[^1];
        var counter = await Known(cluster, victim);
        var watch = Stopwatch.StartNew();
        // The loopback of the machine is no part of the network.
        await Network.Drop(victim.Host!, [.. rules.Select(rule => rule.Contains(' ') ? rule : $"{rule} {(rule == "in" ? "iif" : "oif")} eth0")]);
        try
        {
            // One that is cut off from the other silos only still answers clients that have it for their gateway, until it is declared dead.
            await Eventually.Succeeds(TimeSpan.FromSeconds(60), async () => Assert.False(victim.Is(await counter.WhereAmI())));
            Assert.Equal(1, await counter.Get());
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"cut off {what}: {exception.Message}\n{cluster.Logs()}", exception);
        }

        var answered = watch.ElapsedMilliseconds;
        await Task.Delay(TimeSpan.FromSeconds(2));
        await Network.Heal(victim.Host!);
        watch.Restart();
        await victim.Ends(TimeSpan.FromSeconds(40));
        Say($"a silo cut off {what}: its grain answered elsewhere after {answered} ms; it ended itself {watch.ElapsedMilliseconds} ms after the network was whole");
        await cluster.Restart(victim);
    }

    // A grain on that silo with something in storage.
    static async Task<ICounterGrain> Known(ProcessTestCluster cluster, SiloProcess silo)
    {
        ICounterGrain? counter = null;
        await Eventually.Succeeds(TimeSpan.FromSeconds(30), async () =>
        {
            counter = await cluster.CounterOn(silo, $"cut-{Guid.NewGuid():N}");
            await counter.Add(1);
        });
        return counter!;
    }

    void Say(string figure)
    {
        output.WriteLine(figure);
        Console.WriteLine(figure);
    }
}
