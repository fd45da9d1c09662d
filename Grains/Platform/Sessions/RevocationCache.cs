using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Tributary.Grains.Platform.Sessions;

/// <summary>
/// What this process knows of ended sessions. It asks a partner's grain at most every <see cref="PlatformOptions.RevocationAge"/>, and at once after it
/// ended one itself: so a session that was ended elsewhere works for that long at most. Where the grain does not answer, nothing is let through.
/// </summary>
public sealed class RevocationCache(IGrainFactory grains, IOptions<PlatformOptions> options, TimeProvider time)
{
    readonly ConcurrentDictionary<int, Known> _partners = new();

    public async ValueTask<bool> IsRevoked(Ks ks)
    {
        var known = _partners.TryGetValue(ks.Partner, out var cached) && time.GetElapsedTime(cached.AskedAt) < options.Value.RevocationAge
            ? cached
            : await Ask(ks.Partner, cached);
        return known.Keys.Count > 0 && KeysOf(ks).Any(known.Keys.Contains);
    }

    public async Task Revoke(Ks ks)
    {
        foreach (var key in KeysOf(ks))
        {
            if (!await GrainOf(ks.Partner).Revoke(key, ks.ValidUntil))
            {
                throw new InvalidOperationException("More sessions were ended than can be kept.");
            }
        }

        _partners.TryRemove(ks.Partner, out _);
    }

    /// <summary>Counts an action where the session has a limit of them. False: it is used up.</summary>
    public async ValueTask<bool> Count(Ks ks) =>
        !int.TryParse(ks.Rights.Value("actionslimit"), System.Globalization.CultureInfo.InvariantCulture, out var limit) || limit <= 0
        || await GrainOf(ks.Partner).Count(ks.Hash, limit, ks.ValidUntil);

    async Task<Known> Ask(int partner, Known? before)
    {
        var askedAt = time.GetTimestamp();
        var answer = await GrainOf(partner).Revoked(before?.Version ?? -1);
        var known = new Known(answer.Version, answer.Keys?.ToHashSet(StringComparer.Ordinal) ?? before?.Keys ?? [], askedAt);
        _partners[partner] = known;
        return known;
    }

    ISessionsGrain GrainOf(int partner) => grains.GetGrain<ISessionsGrain>(partner);

    // A session, and the group that it belongs to.
    static IEnumerable<string> KeysOf(Ks ks)
    {
        yield return ks.Hash;
        if (ks.Rights.Value("sessionid") is { Length: > 0 } group)
        {
            yield return "group:" + group;
        }
    }

    sealed record Known(long Version, HashSet<string> Keys, long AskedAt);
}
