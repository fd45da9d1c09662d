using System.Globalization;
using System.Text.Json;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Vod;

/// <summary>A server that offers every file of a folder, and every mapping, by each packager.</summary>
sealed class CorpusServer : IAsyncDisposable
{
    static readonly (string Prefix, string Packager, string Manifest, string Options)[] Forms =
    [
        ("ts", "hls", "master.m3u8", """{"hls_container_format": "mpegts"}"""),
        ("tight", "hls", "master.m3u8", """{"hls_container_format": "mpegts", "hls_mpegts_align_frames": "off", "hls_mpegts_interleave_frames": "on"}"""),
        ("fmp4", "hls", "master.m3u8", """{"hls_container_format": "fmp4", "segment_count_policy": "last_long"}"""),   // hls.js waits before a last segment of sound alone
        ("apart", "hls", "master.m3u8", """{"hls_container_format": "fmp4", "segment_count_policy": "last_long", "hls_force_unmuxed_segments": "on"}"""),
        ("dash", "dash", "manifest.mpd", "{}"),
        ("list", "dash", "manifest.mpd", """{"dash_manifest_format": "segmentlist"}"""),
        ("mss", "mss", "manifest", "{}"),
    ];

    /// <summary>Which player plays which form.</summary>
    static readonly (string Player, string Form)[] Pairs =
        [("hls.html", "ts"), ("hls.html", "tight"), ("hls.html", "fmp4"), ("hls.html", "apart"), ("dash.html", "dash"), ("smooth.html", "mss"), ("shaka.html", "dash"), ("shaka.html", "list"), ("shaka.html", "fmp4"), ("shaka.html", "ts")];

    readonly ServerProcess _server;
    readonly string[] _files;
    readonly string[] _mappings;

    CorpusServer(ServerProcess server, string[] files, string[] mappings) => (_server, _files, _mappings) = (server, files, mappings);

    /// <param name="media">Folder of media files.</param>
    /// <param name="captions">Folder of captions.</param>
    /// <param name="mappings">Mappings by their names; <c>{MEDIA}</c> and <c>{CAPTIONS}</c> stand for the folders, <c>"{AT:ms}"</c> for the offset that makes the clock that moment now.</param>
    public static async Task<CorpusServer> Start(string media, string captions, Dictionary<string, JsonElement> mappings)
    {
        var data = Repository.Folder($"corpus-{Guid.NewGuid():N}");
        var maps = Directory.CreateDirectory(Path.Combine(data, "maps")).FullName;
        foreach (var (name, mapping) in mappings)
        {
            await File.WriteAllTextAsync(Path.Combine(maps, name + ".json"), Text(mapping).Replace("{MEDIA}", media, StringComparison.Ordinal).Replace("{CAPTIONS}", captions, StringComparison.Ordinal));
        }

        var locations = Path.Combine(data, "locations.json");
        await File.WriteAllTextAsync(locations, $$"""{"locations": [{{string.Join(",\n", Forms.SelectMany(form => new[] { Location(form.Prefix, "local", media), Location("m-" + form.Prefix, "mapped", maps) }))}}]}""");
        var server = await ServerProcess.Start(new() { ["Vod__LocationsFile"] = locations }, data);
        var files = Directory.GetFiles(media).Select(file => Path.GetFileName(file)).Where(file => Path.GetExtension(file) is ".mp4" or ".webm").Order(StringComparer.Ordinal);
        return new(server, [.. files], [.. mappings.Keys.Order(StringComparer.Ordinal)]);
    }

    static string Location(string prefix, string mode, string root)
    {
        var form = Forms.First(form => prefix.EndsWith(form.Prefix, StringComparison.Ordinal));
        return $$"""{"prefix": "/{{prefix}}", "packager": "{{form.Packager}}", "mode": "{{mode}}", "root": {{JsonSerializer.Serialize(root)}}, "options": {{form.Options}}}""";
    }

    static string Text(JsonElement mapping)
    {
        var text = mapping.ValueKind == JsonValueKind.String ? mapping.GetString()! : mapping.GetRawText();
        for (var at = text.IndexOf("\"{AT:", StringComparison.Ordinal); at >= 0; at = text.IndexOf("\"{AT:", StringComparison.Ordinal))
        {
            var end = text.IndexOf("}\"", at, StringComparison.Ordinal);
            var offset = (long.Parse(text[(at + 5)..end], CultureInfo.InvariantCulture) - DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()) / 1000;
            text = string.Create(CultureInfo.InvariantCulture, $"{text[..at]}{offset}{text[(end + 2)..]}");
        }

        return text;
    }

    /// <summary>Every presentation with every player that plays its form; what the server refuses is left out.</summary>
    public async Task<List<(string Player, Uri Address)>> Presentations(Func<string, string, bool> isWanted)
    {
        var found = new List<(string, Uri)>();
        foreach (var (player, prefix) in Pairs)
        {
            var manifest = Forms.First(form => form.Prefix == prefix).Manifest;
            var paths = _files.Select(file => $"/{prefix}/{file}/{manifest}").Concat(_mappings.Select(name => $"/m-{prefix}/{name}.json/{manifest}"));
            foreach (var path in paths.Where(path => isWanted(player, path)))
            {
                using var answer = await _server.Http.GetAsync(path);
                if (answer.IsSuccessStatusCode)
                {
                    found.Add((player, _server.Url(path)));
                }
            }
        }

        return found;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
