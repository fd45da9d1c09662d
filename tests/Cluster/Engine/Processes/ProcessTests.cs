using System.Diagnostics;
using Xunit.Abstractions;

namespace Tributary.Cluster.Engine.Processes;

/// <summary>Clusters of real processes with a real PostgreSQL, broken on purpose. Figures are printed.</summary>
[Collection("processes")]
public sealed class ProcessTests(ITestOutputHelper output)
{
    [SkippableFact(Timeout = 60_000)]
    public async Task Calls_results_and_exceptions_cross_processes()
    {
        await using var cluster = await ProcessTestCluster.Start(2);
        var places = new HashSet<string>();
        for (var i = 0; i < 40; i++)
        {
            var counter = cluster.Counter($"calls-{i}");
            Assert.Equal(2, await counter.Add(2));
            Assert.Equal(5, await counter.Add(3));
            places.Add(await counter.WhereAmI());
        }

        Assert.Equal(2, places.Count);
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.Counter("fails").Fail("as asked"));
        Assert.Equal("as asked", exception.Message);
        Assert.Contains("CounterGrain", exception.StackTrace);
    }

    [SkippableFact(Timeout = 90_000)]
    public async Task The_grains_of_a_silo_that_is_killed_answer_elsewhere_soon()
    {
        await using var cluster = await ProcessTestCluster.Start(3);
        var victim = cluster.Silos[1];
        var counter = await cluster.CounterOn(victim, "kill");
        await counter.Add(7);
        var inFlight = counter.Wait(TimeSpan.FromSeconds(20));

        var watch = Stopwatch.StartNew();
        victim.Kill();
        await Assert.ThrowsAnyAsync<Exception>(() => inFlight);
        var failed = watch.Elapsed;
        await Eventually.Succeeds(TimeSpan.FromSeconds(15), async () => Assert.Equal(7, await counter.Get()));
        var answered = watch.Elapsed;

        output.WriteLine($"kill -9: a call in flight failed after {failed.TotalMilliseconds:0} ms, the grain answered elsewhere after {answered.TotalMilliseconds:0} ms");
        Assert.True(failed < TimeSpan.FromSeconds(3), $"{failed}: {cluster.Logs()}");
        Assert.True(answered < TimeSpan.FromSeconds(5), $"{answered}: {cluster.Logs()}");
    }
}
