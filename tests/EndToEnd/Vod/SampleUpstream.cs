using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Vod;

/// <summary>What a site has beside the packager: an application that knows mappings, a storage that serves files by ranges, and a fallback.</summary>
sealed class SampleUpstream : IAsyncDisposable
{
    readonly WebApplication _app;

    SampleUpstream(WebApplication app) => _app = app;

    public static string Folder { get; } = Path.Combine(Repository.Root, "tests/EndToEnd/Vod/sample");

    static string Media => Path.Combine(Folder, "media");

    /// <summary>Starts it, and writes the locations that lead to it, and mappings as files, into a folder.</summary>
    /// <returns>The upstream, and the file of locations.</returns>
    public static async Task<(SampleUpstream Upstream, string Locations)> Start(string folder)
    {
        var port = FreePorts.Next();
        var mappings = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(File.ReadAllText(Path.Combine(Folder, "mappings.json")))!;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(Media), RequestPath = "/files", ServeUnknownFileTypes = true });
        app.Run(context => Answer(context, mappings));
        await app.StartAsync();

        var maps = Directory.CreateDirectory(Path.Combine(folder, "maps")).FullName;
        foreach (var (name, mapping) in mappings)
        {
            await File.WriteAllTextAsync(Path.Combine(maps, name + ".json"), Text(mapping));
        }

        var locations = Path.Combine(folder, "locations.json");
        await File.WriteAllTextAsync(locations, File.ReadAllText(Path.Combine(Folder, "locations.json")).Replace("{MEDIA}", Media, StringComparison.Ordinal)
            .Replace("{BROKEN}", Broken(folder), StringComparison.Ordinal).Replace("{MAPS}", maps, StringComparison.Ordinal)
            .Replace("{UPSTREAM}", $"http://127.0.0.1:{port}", StringComparison.Ordinal));
        return (new(app), locations);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    static async Task Answer(HttpContext context, Dictionary<string, JsonElement> mappings)
    {
        var path = context.Request.Path.Value!;
        var name = Path.GetFileNameWithoutExtension(path);
        if (path.StartsWith("/map/", StringComparison.Ordinal) && mappings.TryGetValue(name, out var mapping))
        {
            await context.Response.WriteAsync(Text(mapping));
        }
        else if (path.StartsWith("/fallback/", StringComparison.Ordinal))
        {
            context.Response.ContentType = "text/plain";
            await context.Response.WriteAsync($"{path} by the fallback, X-Kaltura-Proxy {context.Request.Headers["X-Kaltura-Proxy"]}");
        }
        else
        {
            context.Response.StatusCode = name == "fails" ? StatusCodes.Status500InternalServerError : StatusCodes.Status404NotFound;
        }
    }

    // A mapping that is no JSON stands there as a string. "{AT:ms}" is the offset, in seconds, that makes the packager's clock that moment.
    static string Text(JsonElement mapping)
    {
        var text = (mapping.ValueKind == JsonValueKind.String ? mapping.GetString()! : mapping.GetRawText()).Replace("{MEDIA}", Media, StringComparison.Ordinal)
            .Replace("{CAPTIONS}", Path.Combine(Folder, "captions"), StringComparison.Ordinal);
        var at = text.IndexOf("\"{AT:", StringComparison.Ordinal);
        if (at < 0)
        {
            return text;
        }

        var end = text.IndexOf("}\"", at, StringComparison.Ordinal);
        var moment = long.Parse(text.AsSpan(at + 5, end - at - 5), CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{text[..at]}{moment / 1000 - DateTimeOffset.UtcNow.ToUnixTimeSeconds()}{text[(end + 2)..]}");
    }

    // Files that something happened to.
    static string Broken(string folder)
    {
        var broken = Directory.CreateDirectory(Path.Combine(folder, "broken")).FullName;
        var whole = File.ReadAllBytes(Path.Combine(Media, "lo.mp4"));
        File.WriteAllBytes(Path.Combine(broken, "half.mp4"), whole[..(whole.Length / 2)]);
        File.WriteAllBytes(Path.Combine(broken, "head.mp4"), whole[..1_000]);
        File.WriteAllBytes(Path.Combine(broken, "empty.mp4"), []);
        File.WriteAllBytes(Path.Combine(broken, "zeros.mp4"), new byte[65_536]);
        File.WriteAllText(Path.Combine(broken, "text.mp4"), "This is no film.\n");
        return broken;
    }
}
