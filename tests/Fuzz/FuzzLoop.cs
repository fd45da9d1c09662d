using System.Diagnostics;

namespace Tributary.Fuzz;

/// <summary>Runs one target on its corpus, then on mutations of it, from a seed that repeats the run.</summary>
static class FuzzLoop
{
    /// <summary>An input that takes longer than this is a finding: a parser's time must follow from the input's length.</summary>
    static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(2);

    /// <summary>Ends at whichever bound comes first; returns how many inputs ran.</summary>
    /// <exception cref="FuzzFinding">The target failed; the message has what is needed to see it again.</exception>
    public static long Run(string target, int seed, long mostInputs, TimeSpan longest)
    {
        var run = FuzzTargets.All[target];
        var corpus = FuzzTargets.Corpus(target);
        var mutator = new Mutator(corpus, new Random(seed));
        var watch = Stopwatch.StartNew();
        long inputs = 0;
        foreach (var input in corpus)
        {
            RunOne(target, run, input, seed, inputs++);
        }

        while (inputs < mostInputs && watch.Elapsed < longest)
        {
            RunOne(target, run, mutator.Next(), seed, inputs++);
        }

        return inputs;
    }

    static void RunOne(string target, FuzzRun run, byte[] input, int seed, long number)
    {
        try
        {
            // A machine that paused does not pause twice: what is slow again is slow.
            if (IsSlow(run, input) && IsSlow(run, input))
            {
                throw new TimeoutException($"took longer than {LongestRun}, twice");
            }
        }
        catch (Exception exception)
        {
            throw new FuzzFinding($"{target}, seed {seed}, input {number}: {exception.Message}\n{Convert.ToHexString(input)}", exception);
        }
    }

    static bool IsSlow(FuzzRun run, byte[] input)
    {
        var since = Stopwatch.GetTimestamp();
        run(input);
        return Stopwatch.GetElapsedTime(since) > LongestRun;
    }
}

sealed class FuzzFinding(string message, Exception? inner) : Exception(message, inner);
