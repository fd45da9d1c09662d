using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Entries;

/// <summary>
/// The content of recorded entries: for each live asset one of the recording, whose pieces are files that follow one another. An entry can be played
/// from its first piece on.
/// </summary>
public sealed class Recordings(Objects objects, ContentStore content, ContentResources resources)
{
    /// <summary>What an asset of a recording has from the live one.</summary>
    static readonly string[] Taken = ["flavorParamsId", "tags", "width", "height", "bitrate", "frameRate", "isOriginal", "language", "label"];

    /// <summary>Stores a piece at its place; a piece that is there already is left as it is.</summary>
    public async Task Add(Call call, RecordingPlace place, RecordedPiece piece, PlatformObject live, PlatformObject resource)
    {
        var asset = await AssetOf(place.RecordedEntry, live);
        if (!asset.Value.Objects("_pieces").Any(known => known.Text("key") == piece.Key))
        {
            var name = ContentStore.PieceName(asset.Id, $"p{place.Number}", "mp4");
            var taken = await resources.Take(call, resource, asset.Id, "mp4", name);
            var file = taken.File ?? throw PlatformException.Of("UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY");
            asset = asset with { Value = await objects.Change(EntryStore.AssetKind, asset.Id, value => AddPiece(value, place, piece, file)) };
        }

        await Refresh(place.RecordedEntry, asset.Value, piece.IsAnchor);
    }

    /// <summary>Whether a piece is there; it was sent again then.</summary>
    public async Task<bool> Has(string recorded, PlatformObject live, string key) =>
        (await objects.Store.All(EntryStore.AssetKind, null, Test.Equal("entryId", recorded)))
            .Any(asset => asset.Value.Long("flavorParamsId") == live.Long("flavorParamsId") && asset.Value.Objects("_pieces").Any(piece => piece.Text("key") == key));

    async Task<StoredObject> AssetOf(string recorded, PlatformObject live)
    {
        var known = await objects.Store.All(EntryStore.AssetKind, null, Test.Equal("entryId", recorded));
        if (known.FirstOrDefault(asset => asset.Value.Long("flavorParamsId") == live.Long("flavorParamsId")) is { } old)
        {
            return old;
        }

        var asset = new PlatformObject("FlavorAsset") { { "entryId", recorded }, { "version", 1L }, { "status", 2L }, { "fileExt", "mp4" }, { "containerFormat", "mp4" }, { "isWeb", true } };
        foreach (var name in Taken.Where(live.Has))
        {
            asset[name] = live[name];
        }

        var id = Objects.NewId();
        await objects.Add(EntryStore.AssetKind, asset, live.Int("partnerId"), id);
        return (await objects.Store.Read(EntryStore.AssetKind, id))!;
    }

    void AddPiece(PlatformObject asset, RecordingPlace place, RecordedPiece piece, string file)
    {
        var measured = Mp4Facts.TryRead(content.PathOf(file), out var facts);
        var pieces = asset.Objects("_pieces").Append(new PlatformObject("Piece")
        {
            { "key", piece.Key }, { "number", (long)place.Number }, { "file", file }, { "seconds", measured ? facts.Seconds : piece.Duration.TotalSeconds },
        });
        asset["_pieces"] = pieces.OrderBy(known => known.Long("number")).ToList<object?>();
        asset["_file"] = asset.Objects("_pieces").First().Text("file");
        asset["sizeInBytes"] = asset.Objects("_pieces").Sum(known => content.LengthOf(known.Text("file")));
        asset["size"] = asset.Long("sizeInBytes") / 1_024;
        asset["updatedAt"] = objects.Now;
        if (measured && facts.Width > 0)
        {
            (asset["width"], asset["height"]) = ((long)facts.Width, (long)facts.Height);
        }
    }

    async Task Refresh(string recorded, PlatformObject asset, bool isAnchor) => await objects.Change(EntryStore.Kind, recorded, entry =>
    {
        if (isAnchor || entry.Long("msDuration") == 0)
        {
            Measure(entry, asset.Objects("_pieces").Sum(piece => piece.Number("seconds")));
        }

        entry["status"] = "2";
        var flavors = entry.Words("flavorParamsIds").Append(asset.Text("flavorParamsId")).Distinct();
        entry["flavorParamsIds"] = string.Join(',', flavors);
        entry["updatedAt"] = objects.Now;
    });

    public static void Measure(PlatformObject entry, double seconds)
    {
        entry["msDuration"] = (long)Math.Round(seconds * 1_000);
        entry["duration"] = (long)Math.Round(seconds);
        entry["durationType"] = seconds switch { <= 0 => "notavailable", <= 240 => "short", <= 1_200 => "medium", _ => "long" };
    }

    /// <summary>The whole recording, or one flavor of it, in place of what there is.</summary>
    public async Task Replace(Call call, StoredObject recorded, PlatformObject resource, double seconds, long? flavor)
    {
        var flavorId = flavor ?? 0;
        var live = new PlatformObject("LiveAsset") { { "flavorParamsId", flavorId }, { "tags", "source,web" }, { "isOriginal", flavor is null }, { "partnerId", (long)recorded.Partner } };
        var asset = await AssetOf(recorded.Id, live);
        var taken = await resources.Take(call, resource, asset.Id, "mp4");
        var file = taken.File ?? throw PlatformException.Of("UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY");
        var old = asset.Value.Objects("_pieces").Select(piece => piece.Text("file")).ToArray();
        var place = new RecordingPlace { RecordedEntry = recorded.Id, Number = 0, IsKnown = false, Seconds = seconds };
        var piece = new RecordedPiece { Key = file, Asset = asset.Id, Duration = TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 7 * 86_400)), IsAnchor = true, IsLast = true };
        var changed = await objects.Change(EntryStore.AssetKind, asset.Id, value =>
        {
            value["_pieces"] = new List<object?>();
            AddPiece(value, place, piece, file);
        });
        await Refresh(recorded.Id, changed, isAnchor: true);
        Array.ForEach(old, content.Delete);
    }
}
