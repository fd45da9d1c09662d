using System.IO.Compression;
using System.Net;
using System.Reflection;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Tributary.Gateway.Live;

namespace Tributary.Gateway.Pages;

/// <summary>The pages for people: the list of streams at <c>/</c>, a stream's player at <c>/live/NAME</c>, and what they load below <c>/assets/</c>.</summary>
sealed class PageEndpoints
{
    // The pages load nothing from elsewhere and run no script of their own text; players need blob: for what they play.
    const string Policy = "default-src 'none'; script-src 'self' blob:; worker-src 'self' blob:; style-src 'self'; img-src 'self' data:; "
        + "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors *";

    static readonly (string Name, string Type)[] Assets =
    [
        ("style.css", "text/css; charset=utf-8"),
        ("list.js", "text/javascript; charset=utf-8"),
        ("player.js", "text/javascript; charset=utf-8"),
        ("shared.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ];

    readonly Asset _list;
    readonly Asset _player;
    readonly Dictionary<string, Asset> _assets;
    readonly string[] _hlsJs;

    public PageEndpoints(IOptions<EdgeOptions> options, IConfiguration configuration, IWebHostEnvironment environment)
    {
        _list = Page("list.html", options.Value, configuration);
        _player = Page("player.html", options.Value, configuration);
        _assets = Assets.ToDictionary(asset => asset.Name, asset => new Asset(Read(asset.Name), asset.Type));
        _hlsJs = options.Value.HlsJsPath is { Length: > 0 } path
            ? [path]
            : [.. new[] { configuration["Web:Folder"], Path.Combine(environment.ContentRootPath, "node_modules"), Path.Combine(environment.ContentRootPath, "web/node_modules") }
                .Where(folder => !string.IsNullOrEmpty(folder)).Select(folder => Path.Combine(folder!, "hls.js/dist/hls.min.js"))];
    }

    public void Map(IEndpointRouteBuilder endpoints)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        endpoints.MapMethods("/", methods, context => Send(context, _list));
        endpoints.MapMethods("/live/{name}", methods, Player);
        endpoints.MapMethods("/assets/hls.js", methods, HlsJs);
        endpoints.MapMethods("/assets/{name}", methods, context => _assets.TryGetValue((string)context.Request.RouteValues["name"]!, out var asset)
            ? Send(context, asset)
            : Answers.Missing(context, TimeSpan.Zero, "There is nothing here."));
    }

    Task Player(HttpContext context) => StreamName.IsValid(context.Request.RouteValues["name"] as string)
        ? Send(context, _player)
        : Answers.Missing(context, TimeSpan.FromSeconds(1), "A stream's name is a letter or digit and up to 127 letters, digits, '.', '_' and '-'.");

    Task HlsJs(HttpContext context)
    {
        if (_hlsJs.FirstOrDefault(File.Exists) is not { } path)
        {
            return Answers.Missing(context, TimeSpan.Zero, "hls.js is not installed (Gateway:HlsJsPath).");
        }

        context.Response.ContentType = "text/javascript; charset=utf-8";
        context.Response.Headers.CacheControl = "public, max-age=3600";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.ContentLength = new FileInfo(path).Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.SendFileAsync(Path.GetFullPath(path), context.RequestAborted);
    }

    static async Task Send(HttpContext context, Asset asset)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-cache";
        headers.ETag = asset.ETag;
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = Policy;
        headers["Referrer-Policy"] = "no-referrer";
        if (Answers.IsKnown(context.Request, asset.ETag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var bytes = asset.Plain;
        if (Answers.AcceptsGzip(context.Request))
        {
            (bytes, headers.ContentEncoding) = (asset.Gzip, "gzip");
        }

        context.Response.ContentType = asset.Type;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
        }
    }

    static Asset Page(string name, EdgeOptions options, IConfiguration configuration)
    {
        var text = Encoding.UTF8.GetString(Read(name))
            .Replace("{{publish-url}}", WebUtility.HtmlEncode(options.PublishUrl), StringComparison.Ordinal)
            .Replace("{{rtmp-port}}", configuration.GetValue("Ingest:Rtmp:Port", 1935).ToString(System.Globalization.CultureInfo.InvariantCulture),
                StringComparison.Ordinal);
        return new Asset(Encoding.UTF8.GetBytes(text), "text/html; charset=utf-8");
    }

    static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Pages/{name}")
            ?? throw new InvalidOperationException($"The page {name} is not in the assembly.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    sealed class Asset(byte[] plain, string type)
    {
        public byte[] Plain => plain;

        public byte[] Gzip { get; } = Compress(plain);

        public string Type => type;

        // Weak: the same text, plain or compressed.
        public string ETag { get; } = $"W/\"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(plain).AsSpan(0, 8))}\"";

        static byte[] Compress(byte[] plain)
        {
            using var output = new MemoryStream();
            using (var gzip = new GZipStream(output, CompressionLevel.Optimal))
            {
                gzip.Write(plain);
            }

            return output.ToArray();
        }
    }
}
