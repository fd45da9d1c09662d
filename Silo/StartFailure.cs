using Microsoft.Extensions.Options;

namespace Tributary.Silo;

/// <summary>Why the server cannot start, in a line per mistake, for whoever typed the configuration.</summary>
static class StartFailure
{
    /// <summary>The lines; none where the failure is a bug, which wants its stack trace.</summary>
    public static IEnumerable<string> Lines(Exception exception) => exception switch
    {
        AggregateException many => many.InnerExceptions.SelectMany(Lines),
        OptionsValidationException invalid => invalid.Failures.Select(failure => $"Configuration: {failure}"),
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } unreadable => [$"Configuration: {unreadable.Message}"],
        InvalidDataException file => [$"Configuration: {file.Message} {file.InnerException?.Message}"],
        IOException blocked => [$"Cannot start: {blocked.Message}"],
        UnauthorizedAccessException denied => [$"Cannot start: {denied.Message}"],
        _ => [],
    };
}
