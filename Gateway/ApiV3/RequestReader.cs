using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Tributary.Grains.Platform;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Model;

namespace Tributary.Gateway.ApiV3;

/// <summary>A request that cannot be read, with a sentence for whoever sent it.</summary>
sealed class UnreadableRequestException(string message) : Exception(message);

/// <summary>
/// Reads a request in every form that clients use: parameters in the path, in the query, in a form, in JSON, or in parts; the path wins over the query,
/// and the query over the body. Files go to the disk as they come; everything else is bounded.
/// </summary>
sealed class RequestReader(ContentStore content, IOptions<PlatformOptions> options)
{
    const int MaxPathPairs = 200, MaxParts = 1_000, MaxFiles = 64, MaxBoundary = 200, MaxNameLength = 1_024;

    PlatformOptions Limits => options.Value;

    /// <param name="path">What follows /api_v3, with escapes.</param>
    public async Task<ApiCallRequest> Read(HttpContext context, string path)
    {
        var files = new Dictionary<string, UploadedFile>(StringComparer.Ordinal);
        try
        {
            // 1. The body, then the query over it, then the path over both.
            var tree = new FormTree(Limits.MaxValues);
            var parameters = HttpMethods.IsPost(context.Request.Method) ? await ReadBody(context, tree, files) : tree.Root;
            var url = new FormTree(Limits.MaxValues);
            foreach (var (name, values) in context.Request.Query)
            {
                Add(url, name, values[^1] ?? "");   // the last of equal names, as in forms
            }

            foreach (var (name, value) in PathPairs(path))
            {
                Add(url, name, value);
            }

            Merge(parameters, url.Root);

            // 2. What is called.
            return new ApiCallRequest(parameters.Text("service"), parameters.Text("action"), parameters, files);
        }
        catch
        {
            foreach (var file in files.Values)
            {
                File.Delete(file.Path);
            }

            throw;
        }
    }

    // /service/S/action/A/name/value…, with or without index.php before it.
    internal static IEnumerable<(string Name, string Value)> PathPairs(string path)
    {
        // An empty value is one: /ks//format/1.
        var parts = path.Trim('/') is { Length: > 0 } trimmed ? trimmed.Split('/').AsEnumerable() : [];
        if (parts.FirstOrDefault() is { } first && first.Equals("index.php", StringComparison.OrdinalIgnoreCase))
        {
            parts = parts.Skip(1);
        }

        var list = parts.Take(2 * MaxPathPairs).Select(Uri.UnescapeDataString).ToList();
        for (var at = 0; at + 1 < list.Count; at += 2)
        {
            yield return (list[at], list[at + 1]);
        }
    }

    static void Add(FormTree tree, string name, string value)
    {
        if (!tree.TryAdd(name, value))
        {
            throw new UnreadableRequestException("The request has more parameters, or deeper ones, than are taken.");
        }
    }

    static void Merge(RawMap into, RawMap from)
    {
        foreach (var (name, value) in from)
        {
            if (value is RawMap map && into.TryGetValue(name, out var there) && there is RawMap child)
            {
                Merge(child, map);
            }
            else
            {
                into[name] = value;
            }
        }
    }

    async Task<RawMap> ReadBody(HttpContext context, FormTree tree, Dictionary<string, UploadedFile> files)
    {
        var request = context.Request;
        _ = MediaTypeHeaderValue.TryParse(request.ContentType, out var type);
        if (type?.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true)
        {
            return await ReadParts(context, type, tree, files);
        }

        var body = await ReadText(request.Body, context.RequestAborted);
        if (type?.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) == true && LooksLikeObject(body.Span))
        {
            return ReadJson(body.Span);
        }

        ReadForm(Encoding.UTF8.GetString(body.Span), tree);
        return tree.Root;
    }

    static bool LooksLikeObject(ReadOnlySpan<byte> body)
    {
        var text = body.Trim(" \t\r\n"u8);
        return text.Length >= 2 && text[0] == '{' && text[^1] == '}';
    }

    RawMap ReadJson(ReadOnlySpan<byte> body) => JsonTree.TryRead(body, Limits.MaxValues, out var map)
        ? map
        : throw new UnreadableRequestException("The request's JSON is not valid, deeper than is taken, or has more values.");

    static void ReadForm(string body, FormTree tree)
    {
        foreach (var pair in body.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = pair.IndexOf('=');
            Add(tree, Unescape(at < 0 ? pair : pair[..at]), at < 0 ? "" : Unescape(pair[(at + 1)..]));
        }
    }

    static string Unescape(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    async Task<ReadOnlyMemory<byte>> ReadText(Stream body, CancellationToken cancellation)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1_024];
        while (await body.ReadAsync(chunk, cancellation) is > 0 and var read)
        {
            if (buffer.Length + read > Limits.MaxBodyBytes)
            {
                throw new UnreadableRequestException("The request's body is larger than is taken.");
            }

            buffer.Write(chunk, 0, read);
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    // RFC 7578. The npm client begins with an empty line and ends without one; the reader takes both.
    async Task<RawMap> ReadParts(HttpContext context, MediaTypeHeaderValue type, FormTree tree, Dictionary<string, UploadedFile> files)
    {
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        if (boundary.Length is 0 or > MaxBoundary)
        {
            throw new UnreadableRequestException("The request's parts have no boundary that is taken.");
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;   // each file is bounded by itself
        }

        var reader = new MultipartReader(boundary, context.Request.Body) { BodyLengthLimit = Limits.MaxFileBytes, HeadersCountLimit = 16, HeadersLengthLimit = 16 * 1_024 };
        RawMap? json = null;
        for (var parts = 0; await reader.ReadNextSectionAsync(context.RequestAborted) is { } part; parts++)
        {
            if (parts >= MaxParts || !ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition) || disposition.Name.Length is 0 or > MaxNameLength)
            {
                throw new UnreadableRequestException("A part of the request has no name, or there are too many.");
            }

            var name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();
            if (disposition.FileName.HasValue || disposition.FileNameStar.HasValue)
            {
                files[name] = files.Count < MaxFiles ? await ReadFile(part, disposition, context.RequestAborted) : throw new UnreadableRequestException("The request has too many files.");
            }
            else if (name == "json")
            {
                json = ReadJson((await ReadText(part.Body, context.RequestAborted)).Span);
            }
            else
            {
                Add(tree, name, Encoding.UTF8.GetString((await ReadText(part.Body, context.RequestAborted)).Span));
            }
        }

        if (json is not null)
        {
            Merge(json, tree.Root);
        }

        return json ?? tree.Root;
    }

    async Task<UploadedFile> ReadFile(MultipartSection part, ContentDispositionHeaderValue disposition, CancellationToken cancellation)
    {
        var path = content.NewIncoming();
        try
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 17, useAsync: true);
            await part.Body.CopyToAsync(file, 1 << 17, cancellation);
            var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar.ToString() : HeaderUtilities.RemoveQuotes(disposition.FileName).ToString();
            return new UploadedFile(Path.GetFileName(name), part.ContentType ?? "", path, file.Length);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }
}
