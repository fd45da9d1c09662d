using Microsoft.AspNetCore.Http;

namespace Tributary.Gateway.Vod;

/// <summary>Who asks for an entry, and what of it.</summary>
/// <param name="Context">The request.</param>
/// <param name="Id">The entry.</param>
/// <param name="Flavors">Ids of the renditions that are meant; empty for all.</param>
/// <param name="Ticket">What a manifest's address carries for a viewer who was let in elsewhere; empty where there is none.</param>
sealed record EntryRequest(HttpContext Context, string Id, IReadOnlyList<string> Flavors, string Ticket);

/// <summary>An entry of the cluster that can be packaged: a set of files, each by its number.</summary>
abstract class VodEntry
{
    /// <summary>The clip that stands for a file of an entry.</summary>
    protected static Media.Sets.SourceClip Clip(string id, int file) =>
        new() { Path = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{id}/{file}"), Access = Media.Sets.SourceAccess.Entry };

    /// <summary>What this viewer plays, or why it may not.</summary>
    public abstract ResolvedSet SetFor(EntryRequest request);

    /// <summary>Opens a file; whoever asked disposes it.</summary>
    public abstract OpenedSource Open(int file);
}

/// <summary>Where entries come from: recordings, and the platform.</summary>
interface IEntryCatalog
{
    /// <summary>Null: it has no such entry.</summary>
    /// <exception cref="IOException">Nobody answers.</exception>
    Task<VodEntry?> FindAsync(string id, CancellationToken cancellation);
}
