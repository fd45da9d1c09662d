using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Tributary.Media.Packaging.Vod;

namespace Tributary.Gateway.Vod;

/// <summary>Manifests and captions in gzip (RFC 1952) for whom says that it reads that (RFC 9110 §12.5.3): once for as long as the answer is kept.</summary>
static class Gzip
{
    // Below it a packet is a packet.
    const int Least = 1_000;

    static readonly HashSet<string> Types = new(StringComparer.Ordinal)
    {
        "application/vnd.apple.mpegurl", "application/dash+xml", "text/xml", "text/vtt", "video/f4m",
    };

    static readonly ConditionalWeakTable<byte[], byte[]> Made = [];

    /// <summary>Whether a body differs by what a request accepts.</summary>
    public static bool Concerns(PackagedBody body) => body is MemoryBody && body.Length >= Least && Types.Contains(body.ContentType);

    public static bool IsAccepted(HttpRequest request)
    {
        foreach (var header in request.Headers.AcceptEncoding)
        {
            foreach (var range in header.AsSpan().Split(','))
            {
                var entry = header.AsSpan()[range].Trim();
                var semicolon = entry.IndexOf(';');
                var name = (semicolon < 0 ? entry : entry[..semicolon]).Trim();
                if (name.Equals("gzip", StringComparison.OrdinalIgnoreCase))
                {
                    return semicolon < 0 || !IsZero(entry[(semicolon + 1)..]);
                }
            }
        }

        return false;
    }

    static bool IsZero(ReadOnlySpan<char> weight) => weight.Trim() is ['q' or 'Q', '=', '0', .. var rest] && rest.TrimEnd("0. ").IsEmpty;

    public static MemoryBody Of(MemoryBody body)
    {
        var packed = MemoryMarshal.TryGetArray(body.Bytes, out var bytes) && bytes is { Array: { } array, Offset: 0 } && bytes.Count == array.Length
            ? Made.GetValue(array, static all => Pack(all)) : Pack(body.Bytes.Span);
        return new MemoryBody(packed) { ContentType = body.ContentType };
    }

    static byte[] Pack(ReadOnlySpan<byte> bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
