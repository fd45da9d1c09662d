using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace Tributary.Cluster.Simulation;

/// <summary>A whole cluster in simulated time, from many seeds: crashes, stalls, partitions, a database that is away, clocks that jump.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    // A machine on which two minutes are not enough runs fewer; the figure says how many.
    static readonly TimeSpan AtMost = TimeSpan.FromSeconds(115);

    static readonly int Seeds = int.Parse(Environment.GetEnvironmentVariable("TRIBUTARY_SIMULATION_SEEDS") ?? "10000", CultureInfo.InvariantCulture);

    [Fact]
    public void Whatever_happens_to_a_cluster_no_promise_is_broken_and_it_is_live_again()
    {
        var batch = SeedBatch.Run(1, Seeds, AtMost);
        output.WriteLine(batch.Text);
        Assert.True(batch.Failed.Count == 0, batch.Text);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(11)]
    [InlineData(42)]
    public void A_seed_runs_again_event_by_event(int seed)
    {
        var (first, again) = (new List<string>(), new List<string>());
        var digest = SeedRun.Of(seed, first.Add).Digest;
        Assert.Equal(digest, SeedRun.Of(seed, again.Add).Digest);
        Assert.Equal(first.Where(IsEvent), again.Where(IsEvent));
        Assert.Equal(digest.ToString(CultureInfo.InvariantCulture), DigestInAnotherProcess(seed));
    }

    [Fact]
    public void Storage_that_ignores_versions_is_found_out() => Assert.Contains(
        Enumerable.Range(1, 400), seed => SeedRun.Of(seed, mistake: world => world.Database.IgnoresVersions = true).Violations.Any(v => v.Contains("writes again") || v.Contains("after epoch")));

    static bool IsEvent(string line) => !line.Contains(" – ") && !line.AsSpan(9).StartsWith("   ");

    static string DigestInAnotherProcess(int seed)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(SimulationTests).Assembly.Location, "simulate", "--digest", seed.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true
        })!;
        var said = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return said;
    }
}

/// <summary>What a cluster's size costs the grains and the database, counted in simulated time.</summary>
public sealed class ScaleTests(ITestOutputHelper output)
{
    [Fact]
    public void No_grain_and_no_table_becomes_hot_as_a_cluster_grows()
    {
        var small = ScaleRun.Of(new ScaleSize(Silos: 3, Ingests: 4, Gateways: 3, Streams: 50, WatchersPerStream: 3), TimeSpan.FromSeconds(30));
        var large = ScaleRun.Of(new ScaleSize(Silos: 6, Ingests: 8, Gateways: 6, Streams: 100, WatchersPerStream: 3), TimeSpan.FromSeconds(30));
        output.WriteLine($"figure: scale: {small.Text}");
        output.WriteLine($"figure: scale: {large.Text}");

        // A stream's grain hears its one source and its gateways; a grain that all nodes call hears each of them every five seconds.
        Assert.InRange(large.CallsOnIt, 0, Math.Max(2, large.Size.Nodes / 5.0 + 1));
        // Twice the cluster costs the database twice as much, and the silos' views of each other no more than that.
        Assert.InRange(large.Statements / small.Statements, 1, 2.5);
    }
}
