using System.Diagnostics;
using System.Globalization;

namespace Tributary.Cluster.Simulation;

/// <summary>Runs seeds from the command line: <c>simulate [--seeds N] [--from SEED] [--replay SEED] [--digest SEED] [--digests] [--scale]</c>.</summary>
static class SimulationProgram
{
    public static int Run(string[] arguments)
    {
        if (Value(arguments, "--replay") is { } replayed)
        {
            var verdict = SeedRun.Of(replayed, Console.WriteLine);
            Console.WriteLine($"seed {verdict.Seed}, {verdict.Size}, {verdict.Events:N0} events in {verdict.Simulated.TotalSeconds:0.0} s, digest {verdict.Digest}");
            foreach (var violation in verdict.Violations)
            {
                Console.WriteLine(violation);
            }

            return verdict.Violations.Count == 0 ? 0 : 1;
        }

        if (Value(arguments, "--digest") is { } digested)
        {
            Console.WriteLine(SeedRun.Of(digested).Digest);
            return 0;
        }

        if (arguments.Contains("--scale"))
        {
            Console.WriteLine(ScaleRun.Of(new ScaleSize(Silos: 30, Ingests: 40, Gateways: 30, Streams: 10_000, WatchersPerStream: 10), TimeSpan.FromSeconds(60)).Text);
            return 0;
        }

        var batch = SeedBatch.Run(Value(arguments, "--from") ?? 1, Value(arguments, "--seeds") ?? 10_000);
        Console.WriteLine(batch.Text);
        if (arguments.Contains("--digests"))
        {
            foreach (var verdict in batch.Verdicts)
            {
                Console.WriteLine($"{verdict.Seed} {verdict.Digest:x16}");
            }
        }

        return batch.Failed.Count == 0 ? 0 : 1;
    }

    static int? Value(string[] arguments, string name) =>
        Array.IndexOf(arguments, name) is >= 0 and var at && at + 1 < arguments.Length ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture) : null;
}

/// <summary>Many seeds, a world per core at a time.</summary>
sealed record SeedBatch(int From, IReadOnlyList<Verdict> Verdicts, TimeSpan Took)
{
    public IReadOnlyList<Verdict> Failed => [.. Verdicts.Where(v => v.Violations.Count > 0)];

    public string Text
    {
        get
        {
            var simulated = TimeSpan.FromTicks(Verdicts.Sum(v => v.Simulated.Ticks));
            var recoveries = Verdicts.Select(v => v.Recovery).Order().ToArray();
            var faults = Verdicts.SelectMany(v => v.Faults).GroupBy(f => f.Key, f => f.Value).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (Kind: g.Key, Count: g.Sum())).ToArray();
            return string.Create(CultureInfo.InvariantCulture, $"""
                figure: simulation: {Verdicts.Count:N0} seeds from {From} in {Took.TotalSeconds:0.0} s, {Verdicts.Count / Took.TotalSeconds:0.0}/s on {Environment.ProcessorCount} cores: {simulated.TotalHours:0.0} simulated hours, {Verdicts.Sum(v => v.Events):N0} events, {Verdicts.Sum(v => v.Takeovers):N0} activations, {Verdicts.Sum(v => v.Listings):N0} segments listed
                figure: simulation: {faults.Sum(f => f.Count):N0} faults: {string.Join(", ", faults.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Kind} {f.Count:N0}")))}
                figure: simulation: live again after the last fault: half within {recoveries[recoveries.Length / 2].TotalSeconds} s, 99 % within {recoveries[recoveries.Length * 99 / 100].TotalSeconds} s, all within {recoveries[^1].TotalSeconds} s; {Failed.Count} failed
                {string.Join('\n', Failed.Take(10).Select(v => $"seed {v.Seed}: {v.Violations[0]}\n  again: deploy/bench simulate --replay {v.Seed}"))}
                """);
        }
    }

    /// <summary>Runs the seeds from that one on; those that are not begun within the time are left out.</summary>
    public static SeedBatch Run(int from, int count, TimeSpan? atMost = null)
    {
        var began = Stopwatch.GetTimestamp();
        var verdicts = new Verdict?[count];
        var next = -1;
        var workers = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            for (var i = Interlocked.Increment(ref next); i < count && Stopwatch.GetElapsedTime(began) < (atMost ?? TimeSpan.MaxValue); i = Interlocked.Increment(ref next))
            {
                verdicts[i] = SeedRun.Of(from + i);
            }
        })).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        return new SeedBatch(from, [.. verdicts.OfType<Verdict>()], Stopwatch.GetElapsedTime(began));
    }
}
