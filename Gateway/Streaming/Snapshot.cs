namespace Tributary.Gateway.Streaming;

/// <summary>What a loop took: frames <paramref name="Start"/> to before <paramref name="End"/>; older ones than <paramref name="First"/> are gone.</summary>
/// <param name="Join">The newest place where a viewer can begin; -1 where there is none.</param>
readonly record struct Snapshot(long Start, long End, long First, long Join, Announcement Announcement, bool Ended);
