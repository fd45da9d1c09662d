using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.LiveEntries;

/// <inheritdoc cref="ILiveLimitGrain"/>
/// <remarks>It counts registrations in the store, and for <see cref="Memory"/> what it let in itself, as that is registered a little later.</remarks>
[GrainType("live-limit")]
public sealed class LiveLimitGrain(IObjectStore store, TimeProvider time) : Grain, ILiveLimitGrain
{
    const int Memory = 30;

    readonly Dictionary<string, (LiveClass Kind, long At)> _admitted = new(StringComparer.Ordinal);

    public async Task<bool> Admit(string entry, LiveClass kind, int most)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        foreach (var (old, _) in _admitted.Where(pair => now - pair.Value.At > Memory).ToArray())
        {
            _admitted.Remove(old);
        }

        var others = await Registered(now);
        others.UnionWith(_admitted.Keys);
        others.Remove(entry);
        var counted = 0;
        foreach (var other in others)
        {
            counted += await IsOf(other, kind) ? 1 : 0;
        }

        if (counted + 1 > most)
        {
            return false;
        }

        _admitted[entry] = (kind, now);
        return true;
    }

    async Task<HashSet<string>> Registered(long now)
    {
        var rows = await store.All(
            LiveEntryGrain.RowKind, (int)this.GetPrimaryKeyLong(), new Test("status", TestKind.In, "1", "2", "3"),
            new Test("_expiresAt", TestKind.AtLeast, now.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return [.. rows.Select(row => row.Value.Text("entryId"))];
    }

    async Task<bool> IsOf(string entry, LiveClass kind) => await store.Read("entry", entry) is { Value: var value }
        && (kind.Transcoded is null || value.Truth("_transcoded") == kind.Transcoded)
        && (kind.AdminTag.Length == 0 || value.Words("adminTags").Contains(kind.AdminTag, StringComparer.OrdinalIgnoreCase));
}
