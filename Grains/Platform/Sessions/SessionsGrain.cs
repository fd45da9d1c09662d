namespace Tributary.Grains.Platform.Sessions;

/// <inheritdoc cref="ISessionsGrain"/>
[GrainType("platform-sessions")]
public sealed class SessionsGrain(
    [PersistentState("platform-sessions", GrainStorageName.Tributary)] IPersistentState<SessionsState> state, TimeProvider time) : Grain, ISessionsGrain
{
    /// <summary>Sessions are kept for as long as they would be valid; this bounds how many.</summary>
    const int Most = 100_000;

    public async Task<bool> Revoke(string key, long validUntil)
    {
        Forget();
        if (state.State.Revoked.Count >= Most)
        {
            return false;
        }

        state.State.Revoked[key] = validUntil;
        state.State.Version++;
        await state.WriteStateAsync();
        return true;
    }

    public Task<RevokedSessions> Revoked(long knownVersion) => Task.FromResult(new RevokedSessions
    {
        Version = state.State.Version,
        Keys = knownVersion == state.State.Version ? null : [.. state.State.Revoked.Keys],
    });

    public async Task<bool> Count(string session, int limit, long validUntil)
    {
        var used = state.State.Used.GetValueOrDefault(session);
        if (used is { Count: var count } && count >= limit)
        {
            return false;
        }

        if (used is null)
        {
            Forget();
            if (state.State.Used.Count >= Most)
            {
                return false;
            }
        }

        state.State.Used[session] = new SessionUse { Count = (used?.Count ?? 0) + 1, ValidUntil = validUntil };
        await state.WriteStateAsync();
        return true;
    }

    void Forget()
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        foreach (var (key, until) in state.State.Revoked.Where(pair => pair.Value < now).ToArray())
        {
            state.State.Revoked.Remove(key);
        }

        foreach (var (key, _) in state.State.Used.Where(pair => pair.Value.ValidUntil < now).ToArray())
        {
            state.State.Used.Remove(key);
        }
    }
}

[GenerateSerializer, Alias("tributary.sessions-state")]
public sealed class SessionsState
{
    [Id(0)] public Dictionary<string, long> Revoked { get; set; } = [];

    [Id(1)] public Dictionary<string, SessionUse> Used { get; set; } = [];

    [Id(2)] public long Version { get; set; }
}

[GenerateSerializer, Alias("tributary.session-use")]
public sealed class SessionUse
{
    [Id(0)] public int Count { get; set; }

    [Id(1)] public long ValidUntil { get; set; }
}
