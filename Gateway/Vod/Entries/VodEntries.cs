using System.Globalization;
using Microsoft.Extensions.Options;
using Tributary.Grains.Recordings;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Entries by their ids, asked for once and known for <c>Vod:EntryValid</c>, so that a warm request asks no grain. An address is
/// <c>/ENTRY</c>, and where a manifest says so <c>/ENTRY/flavors/ID,ID</c> and <c>/ticket/TICKET</c>.
/// </summary>
sealed class VodEntries(IEnumerable<IEntryCatalog> catalogs, IOptions<VodOptions> options, TimeProvider time)
{
    const int EntryBytes = 1_024;

    readonly VodCache<Found> _known = new("entries", options.Value.MaxEntries * (long)(2 * EntryBytes), options.Value.EntryValid, time);

    sealed record Found(VodEntry? Entry);

    public CacheCounts Counts => _known.Counts;

    /// <summary>The set that an address below an entries location means; null where it names no entry.</summary>
    public async ValueTask<ResolvedSet?> ResolveAsync(string path, VodVariables variables, CancellationToken cancellation)
    {
        return TryRead(path, variables, out var request) ? await ResolveAsync(request, cancellation) : null;
    }

    /// <summary>What a viewer plays of an entry, or why it may not; null where there is none.</summary>
    public async ValueTask<ResolvedSet?> ResolveAsync(EntryRequest request, CancellationToken cancellation)
    {
        try
        {
            return (await FindAsync(request.Id, cancellation))?.SetFor(request);
        }
        catch (IOException exception)
        {
            return ResolvedSet.Failed(MediaFailure.UpstreamTimeout, exception.Message);
        }
    }

    /// <summary>Opens the file that a clip of an entry's set names.</summary>
    public async ValueTask<OpenedSource> OpenAsync(string path, CancellationToken cancellation)
    {
        var slash = path.IndexOf('/');
        return slash > 0 && int.TryParse(path.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var file)
            && await FindAsync(path[..slash], cancellation) is { } entry ? entry.Open(file) : new(MediaFailure.NotFound, $"there is no entry {path}", "", null);
    }

    async ValueTask<VodEntry?> FindAsync(string id, CancellationToken cancellation) => (await _known.GetOrLoad(id, async () =>
    {
        foreach (var catalog in catalogs)
        {
            if (await catalog.FindAsync(id, CancellationToken.None) is { } entry)
            {
                return new Found(entry);
            }
        }

        return new Found(null);
    }, _ => EntryBytes, cancellation)).Entry;

    static bool TryRead(string path, VodVariables variables, out EntryRequest request)
    {
        var parts = path.Split('/');
        var (flavors, ticket) = ("", "");
        request = new(variables.Context, parts.Length > 1 ? parts[1] : "", [], "");
        for (var at = 2; at < parts.Length; at += 2)
        {
            if (at + 1 == parts.Length || parts[at] is not ("flavors" or "ticket"))
            {
                return false;
            }

            (flavors, ticket) = parts[at] == "flavors" ? (parts[at + 1], ticket) : (flavors, parts[at + 1]);
        }

        request = request with { Flavors = flavors.Split(',', StringSplitOptions.RemoveEmptyEntries), Ticket = ticket };
        return parts[0].Length == 0 && JournalFolder.IsName(request.Id);
    }
}
