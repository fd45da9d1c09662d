using System.Security.Cryptography;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>
/// The bytes of captions that are encrypted as a whole (<c>encryptionScheme</c> aes-cbc): AES in CBC mode, filled up as PKCS #7 says (RFC 5652 §6.3). Read and
/// decrypted when they are asked for; with a wrong key there are none. Disposed by whoever has the source.
/// </summary>
sealed class EncryptedCaptions(IByteSource source, SourceClip clip) : IByteSource
{
    const int Most = 8 << 20;

    byte[]? _bytes;

    public long Length => Math.Min(source.Length, Most);

    public DateTimeOffset? LastModified => source.LastModified;

    /// <summary>Whether a clip is such.</summary>
    public static bool Are(SourceClip clip) => clip is { EncryptionScheme: "aes-cbc", EncryptionKey.IsEmpty: false, EncryptionIv.IsEmpty: false };

    /// <summary>What tells a clip's key from others in the name of a cache's entry, without saying what it is.</summary>
    public static string KeyOf(SourceClip clip) => Convert.ToHexString(SHA256.HashData([.. clip.EncryptionKey.Span, .. clip.EncryptionIv.Span]).AsSpan(0, 16));

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        _bytes ??= await DecryptAsync(cancellation);
        var count = (int)Math.Clamp(_bytes.Length - offset, 0, buffer.Length);
        _bytes.AsMemory((int)Math.Min(offset, _bytes.Length), count).CopyTo(buffer);
        return count;
    }

    public ValueTask DisposeAsync() => default;

    async Task<byte[]> DecryptAsync(CancellationToken cancellation)
    {
        var bytes = new byte[Length];
        var count = await source.ReadAsync(0, bytes, cancellation);
        using var aes = Aes.Create();
        aes.Key = clip.EncryptionKey.ToArray();
        try
        {
            return aes.DecryptCbc(bytes.AsSpan(0, count), clip.EncryptionIv.Span);
        }
        catch (CryptographicException)
        {
            return [];   // cut short, or another key
        }
    }
}
