using System.Globalization;
using Tributary.EndToEnd.Leaks;

namespace Tributary.Bench;

/// <summary>
/// What short sessions of viewers and publications leave in the server, round by round: 100,000 and 5,000, or as many as LEAK_BENCH=SESSIONS,PUBLICATIONS
/// says. The test of the same kind runs 40,000 and 2,000.
/// </summary>
static class LeakBench
{
    const int Rounds = 10;

    public static async Task Run()
    {
        var counts = (Environment.GetEnvironmentVariable("LEAK_BENCH") ?? "100000,5000").Split(',').Select(count => int.Parse(count, CultureInfo.InvariantCulture)).ToArray();
        var table = new Table("leak", "sessions", "publications", "heap_mb", "bytes_per_session", "handles", "threads", "timers", "activations", "server_mb", "cpu_ms_per_session");
        await using var server = await ServerUnderTest.Start(LeakRun.Settings);
        var run = new LeakRun(server.Pid, server.Http, server.HttpPort, server.RtmpPort, BenchSource.Make(20, keyFrameSeconds: 1));
        ServerHoldings? first = null;
        for (var round = 0; round < Rounds; round++)
        {
            var before = server.Usage;
            var held = await run.Round(counts[0] / Rounds, counts[1] / Rounds);
            first ??= held;
            var slope = round == 0 ? 0 : (held.HeapBytes - first.HeapBytes) / (double)(counts[0] / Rounds * round);
            table.Add(
                run.Served, run.Published, held.HeapBytes / 1e6, slope, held.Handles, held.Threads, held.Timers, held.Activations,
                Math.Round(server.Usage.ResidentMegabytes), (server.Usage.CpuSeconds - before.CpuSeconds) * 1e3 / (counts[0] / Rounds));
        }

        table.Print();
    }
}
