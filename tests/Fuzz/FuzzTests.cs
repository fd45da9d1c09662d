using System.Globalization;
using Xunit.Abstractions;

namespace Tributary.Fuzz;

/// <summary>A short run of every target. FUZZ_SEED repeats a run; FUZZ_SECONDS makes it longer than the two seconds that it is.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    const long MostInputs = 200_000;

    public static TheoryData<string> Names => [.. FuzzTargets.All.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Target_holds(string target)
    {
        var seed = Number("FUZZ_SEED") ?? Random.Shared.Next();
        var inputs = FuzzLoop.Run(target, seed, MostInputs, TimeSpan.FromSeconds(Number("FUZZ_SECONDS") ?? 2));
        output.WriteLine($"{target}: {inputs} inputs from seed {seed}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Target_has_a_corpus(string target) => Assert.NotEmpty(FuzzTargets.Corpus(target));

    static int? Number(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : null;
}
