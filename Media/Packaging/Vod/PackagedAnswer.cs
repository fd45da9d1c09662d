using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod;

/// <summary>What a packager made of a request: a body, or why there is none.</summary>
/// <param name="Body">The body, which whoever sends it gives back; null where it failed.</param>
/// <param name="Failure">Why there is none.</param>
/// <param name="Reason">One sentence for the log; empty where there is a body.</param>
public readonly record struct PackagedAnswer(PackagedBody? Body, MediaFailure Failure, string Reason)
{
    public static PackagedAnswer Of(PackagedBody body) => new(body, MediaFailure.None, "");

    public static PackagedAnswer Failed(MediaFailure failure, string reason) => new(null, failure, reason);
}
