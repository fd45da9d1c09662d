using System.IO.Compression;

namespace Tributary.Media.Packaging.Hls;

/// <summary>The bytes of one playlist, plain and compressed, made once and shared by all readers.</summary>
public sealed class PlaylistText(ReadOnlyMemory<byte> plain)
{
    readonly Lazy<ReadOnlyMemory<byte>> _gzip = new(() => Compress(plain.Span));

    public ReadOnlyMemory<byte> Plain => plain;

    public ReadOnlyMemory<byte> Gzip => _gzip.Value;

    /// <summary>Strong entity tag (RFC 9110 §8.8.3) of the plain form, quotes included; the same on every gateway.</summary>
    public string ETag { get; } = $"\"{Fnv1a.Hash(plain.Span):x16}\"";

    /// <summary>That of the compressed form, which is another representation.</summary>
    public string GzipETag => field ??= $"{ETag[..^1]}-gz\"";

    static ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> plain)
    {
        using var output = new MemoryStream(plain.Length / 2 + 64);
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(plain);
        }

        return output.ToArray();
    }
}
