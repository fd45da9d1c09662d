using Orleans.Concurrency;

namespace Tributary.Grains.Platform;

/// <summary>
/// Stands for what is known of a partner's API sessions beyond what they say of themselves: which were ended, and how often those with a limit were used.
/// The key is the partner. Entries are kept until the sessions would have ended by themselves.
/// </summary>
[Alias("tributary.sessions")]
public interface ISessionsGrain : IGrainWithIntegerKey
{
    /// <summary>Ends a session, or a group of them (<c>sessionid</c>), until <paramref name="validUntil"/> (unix seconds). False: as many are kept as may be.</summary>
    [Alias("revoke")]
    Task<bool> Revoke(string key, long validUntil);

    /// <summary>All that were ended and would not have ended by themselves. Asked by every front end, about once a second while the partner is active.</summary>
    [ReadOnly]
    [Alias("revoked")]
    Task<RevokedSessions> Revoked(long knownVersion);

    /// <summary>Counts one action of a session that may have <paramref name="limit"/>. False: they are used up.</summary>
    [Alias("count")]
    Task<bool> Count(string session, int limit, long validUntil);
}

/// <summary>What was ended.</summary>
[GenerateSerializer, Immutable, Alias("tributary.revoked-sessions")]
public sealed record RevokedSessions
{
    /// <summary>Rises with every change, also over activations.</summary>
    [Id(0)] public required long Version { get; init; }

    /// <summary>Null: nothing changed since the version that was asked with.</summary>
    [Id(1)] public string[]? Keys { get; init; }
}
