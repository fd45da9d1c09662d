using Tributary.Silo;

// Everything that can be wrong with a start is told in one line per mistake; only bugs show their stack.
try
{
    return args is ["health", .. var rest] ? await HealthProbe.Run(rest) : await Server.Run(args);
}
catch (Exception exception) when (StartFailure.Lines(exception).Any())
{
    foreach (var line in StartFailure.Lines(exception))
    {
        Console.Error.WriteLine(line);
    }

    return 2;
}
