using System.Globalization;
using Tributary.Fuzz;

// dotnet run --project tests/Fuzz -- TARGET SECONDS [SEED]
if (args is not [var target, var seconds, ..] || !FuzzTargets.All.ContainsKey(target))
{
    var names = string.Join(", ", FuzzTargets.All.Keys.Order(StringComparer.Ordinal));
    Console.Error.WriteLine($"usage: TARGET SECONDS [SEED], where TARGET is one of {names}");
    return 2;
}

var seed = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : Random.Shared.Next();
Console.WriteLine($"{target}: seed {seed}");
try
{
    var inputs = FuzzLoop.Run(target, seed, long.MaxValue, TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)));
    Console.WriteLine($"{target}: {inputs} inputs, nothing found");
    return 0;
}
catch (FuzzFinding finding)
{
    Console.Error.WriteLine(finding);
    return 1;
}
