using System.Diagnostics;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd.Leaks;

/// <summary>Tens of thousands of short sessions leave a server as it was. <c>deploy/bench leak</c> does it for longer.</summary>
[Collection(Alone.Name)]
public sealed class LeakTests(ITestOutputHelper output)
{
    const int Rounds = 4, Sessions = 40_000, Reconnects = 2_000;

    /// <summary>Less than the smallest object that stands for a viewer, a connection or a publication takes, with room for what caches and pools vary by.</summary>
    const double MostBytesPerSession = 256;

    [SkippableFact]
    public async Task Viewers_and_encoders_that_come_and_go_leave_nothing_behind()
    {
        var media = await SourceMedia.Long;
        await using var server = await ServerProcess.Start(LeakRun.Settings);
        var run = new LeakRun(server.Pid, server.Http, server.HttpPort, server.RtmpPort, media);
        var clock = Stopwatch.StartNew();
        var after = new List<ServerHoldings>();
        for (var round = 0; round < Rounds; round++)
        {
            after.Add(await run.Round(Sessions / Rounds, Reconnects / Rounds));
            output.WriteLine($"after {run.Served} sessions and {run.Published} publications: {after[^1]}, resident {server.ResidentBytes / 1_000_000} MB");
        }

        var (first, last, counted) = (after[0], after[^1], Sessions - Sessions / Rounds);
        var slope = (last.HeapBytes - first.HeapBytes) / (double)counted;
        output.WriteLine($"figure: {run.Served} short sessions and {run.Published} publications in {clock.Elapsed.TotalSeconds:0} s: {slope:0.0} bytes of heap per session ({first.HeapBytes / 1e6:0.0} MB after the first quarter, {last.HeapBytes / 1e6:0.0} MB at the end); "
            + $"handles {first.Handles} and {last.Handles}, threads {first.Threads} and {last.Threads}, timers {first.Timers} and {last.Timers}, activations {first.Activations} and {last.Activations}");
        Assert.Equal((Sessions, Reconnects), (run.Served, run.Published));
        Assert.True(slope < MostBytesPerSession, $"{slope:0} bytes of heap per session");
        Assert.True(last.Activations <= first.Activations, $"{last.Activations} grains, {first.Activations} before");
        foreach (var (what, before, now) in new[] { ("handles", first.Handles, last.Handles), ("threads", first.Threads, last.Threads), ("timers", first.Timers, last.Timers) })
        {
            Assert.True(now - before < counted / 1_000, $"{now} {what}, {before} before");   // a few come and go by themselves
        }
    }
}
