using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Seals what viewers carry from one server of ours to another and must not write themselves: base64url of the bytes, a dot, and their HMAC-SHA256.
/// The key is <c>Vod:MappingSecret</c>, else the cluster's secret, else one of this process alone.
/// </summary>
public sealed class MappingSeal
{
    const int MostCharacters = 64 * 1024;

    readonly byte[] _key;

    public MappingSeal(IOptions<VodOptions> options, IConfiguration configuration)
    {
        var secret = options.Value.MappingSecret is { Length: > 0 } own ? own : configuration["Cluster:Secret"] ?? "";
        _key = secret.Length > 0 ? SHA256.HashData(Encoding.UTF8.GetBytes("dynamic mapping\0" + secret)) : RandomNumberGenerator.GetBytes(32);
    }

    public string Close(ReadOnlySpan<byte> bytes) => $"{Base64Url.EncodeToString(bytes)}.{Base64Url.EncodeToString(HMACSHA256.HashData(_key, bytes))}";

    /// <summary>The bytes; null where the seal is broken.</summary>
    public byte[]? Open(string text)
    {
        var dot = text.IndexOf('.');
        if (text.Length > MostCharacters || dot < 0 || !Base64Url.IsValid(text.AsSpan(0, dot)) || !Base64Url.IsValid(text.AsSpan(dot + 1)))
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(text.AsSpan(0, dot));
        return CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(_key, bytes), Base64Url.DecodeFromChars(text.AsSpan(dot + 1))) ? bytes : null;
    }
}
