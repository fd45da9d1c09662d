using System.IO.Compression;

namespace Tributary.Media.Packaging.Hls;

/// <summary>The bytes of one playlist, plain and compressed, made once and shared by all readers.</summary>
public sealed class PlaylistText
{
    static long _written;

    readonly Lazy<ReadOnlyMemory<byte>> _gzip;
    PlaylistAddress[]? _addresses;

    public PlaylistText(ReadOnlyMemory<byte> plain)
    {
        Plain = plain;
        ETag = $"\"{Fnv1a.Hash(plain.Span):x16}\"";
        _gzip = new(() => Compress(plain.Span));
        Interlocked.Increment(ref _written);
    }

    /// <summary>Playlists written by this process.</summary>
    public static long Written => Interlocked.Read(ref _written);

    public ReadOnlyMemory<byte> Plain { get; }

    public ReadOnlyMemory<byte> Gzip => _gzip.Value;

    /// <summary>Where the addresses in it end, in order: looked for once, by the first who wants to put something there.</summary>
    public IReadOnlyList<PlaylistAddress> Addresses => _addresses ??= PlaylistAddresses.Find(Plain.Span);

    /// <summary>Bytes of a DASH manifest up to behind its opening tag; 0 for all else.</summary>
    public int ManifestHead => PlaylistAddresses.HeadOfManifest(Plain.Span);

    /// <summary>Strong entity tag (RFC 9110 §8.8.3) of the plain form, quotes included; the same on every gateway.</summary>
    public string ETag { get; }

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
