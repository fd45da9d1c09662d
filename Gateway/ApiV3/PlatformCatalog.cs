using System.Globalization;
using Tributary.Gateway.Vod;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Playback;
using Tributary.Grains.Platform.Storage;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.ApiV3;

/// <summary>The platform's entries for the packager: each rendition that is ready is a sequence, each piece of a recording a clip. Their rules count here too.</summary>
sealed class PlatformCatalog(IObjectStore store, AccessRules rules, ContentStore content, OpenFiles files, EntryTickets tickets, TimeProvider time) : IEntryCatalog
{
    public async Task<VodEntry?> FindAsync(string id, CancellationToken cancellation)
    {
        if (await store.Read(EntryStore.Kind, id) is not { } entry || entry.Value.Text("type") != "1")
        {
            return null;
        }

        var assets = (await store.All(EntryStore.AssetKind, null, Test.Equal("entryId", id))).Select(asset => asset.Value)
            .Where(asset => asset.Type == "FlavorAsset" && asset.Long("status") == 2).OrderByDescending(asset => asset.Long("bitrate"));
        return new PlatformVodEntry(id, [.. assets], await rules.RulesOf(entry.Value), content, files, tickets, time);
    }
}

/// <summary>An entry of the platform as it was when it was looked at.</summary>
sealed class PlatformVodEntry(
    string id, IReadOnlyList<PlatformObject> assets, EntryRules rules, ContentStore content, OpenFiles open, EntryTickets tickets, TimeProvider time) : VodEntry
{
    // Clips name files by their place in this list: it has those of every rendition, whoever asks.
    readonly string[] _files = [.. assets.SelectMany(Pieces).Select(piece => piece.File)];

    public override ResolvedSet SetFor(EntryRequest request)
    {
        var viewer = new Viewer(Caller.Anonymous, PlayManifestEndpoint.Ip(request.Context), request.Context.Request.Headers.Referer.ToString(), request.Context.Request.Headers.UserAgent.ToString(), "");
        var verdict = rules.Judge(viewer, time.GetUtcNow().ToUnixTimeSeconds());
        if (verdict.Blocked && tickets.Allows(id, string.Join(',', request.Flavors), request.Ticket))
        {
            verdict = AccessVerdict.Free;
        }

        if (verdict.Blocked)
        {
            return ResolvedSet.Failed(MediaFailure.Forbidden, $"the rules of {id} keep this viewer out");
        }

        PlatformObject[] chosen = [.. PlaybackService.Limit(assets, verdict).Where(asset => request.Flavors.Count == 0 || request.Flavors.Contains(asset.Text("id")))];
        return chosen.Length == 0 ? ResolvedSet.Failed(MediaFailure.NoStreams, $"{id} has no such rendition") : new(MediaFailure.None, "", SetOf(chosen));
    }

    // Renditions of a recording have the same pieces; one that lacks some cannot play beside the others.
    MediaSetDescription SetOf(PlatformObject[] chosen)
    {
        var count = chosen.Max(asset => Pieces(asset).Count);
        PlatformObject[] whole = [.. chosen.Where(asset => Pieces(asset).Count == count)];
        return new MediaSetDescription
        {
            Sequences = [.. whole.Select(SequenceOf)],
            Durations = count == 1 ? [] : [.. Pieces(whole[0]).Select(piece => Math.Max(1, (long)Math.Round(piece.Seconds * 1_000)))],
        };
    }

    SequenceDescription SequenceOf(PlatformObject asset)
    {
        var first = assets.TakeWhile(other => !ReferenceEquals(other, asset)).Sum(other => Pieces(other).Count);
        return new SequenceDescription
        {
            Id = asset.Text("id"),
            Label = asset.Text("label"),
            Clips = [.. Pieces(asset).Select((_, index) => Clip(id, first + index))],
        };
    }

    public override OpenedSource Open(int file)
    {
        if (file >= _files.Length || _files[file].Length == 0)
        {
            return new(MediaFailure.NotFound, $"{id} has no such file", "", null);
        }

        var (failure, reason, source) = open.Open(content.PathOf(_files[file]), [content.Root]);
        return source is null ? new(failure, reason, "", null)
            : new(MediaFailure.None, "", string.Create(CultureInfo.InvariantCulture, $"{_files[file]}|{source.Length}|{source.LastModified?.UtcTicks}"), source);
    }

    // An upload is one file, a recording may be several.
    static List<(string File, double Seconds)> Pieces(PlatformObject asset) =>
        asset.Objects("_pieces").Any() ? [.. asset.Objects("_pieces").Select(piece => (piece.Text("file"), piece.Number("seconds")))] : [(asset.Text("_file"), 0)];
}
