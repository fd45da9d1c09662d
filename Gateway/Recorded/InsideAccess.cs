using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tributary.Grains.Frames.Links;
using Tributary.Grains.Recordings;

namespace Tributary.Gateway.Recorded;

/// <summary>
/// Proves to another node of the cluster that a request comes from one: a code over path and time (HMAC-SHA-256, RFC 2104) that only who knows the secret
/// can make. The secret itself is never sent. Without one no node answers another.
/// </summary>
sealed class InsideAccess(IOptions<FrameLinkOptions> link, TimeProvider time)
{
    public const string Prefix = "/inside/journals";

    const string Scheme = "Tributary";

    // Clocks of nodes may differ by so much.
    static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    byte[] Key => Encoding.UTF8.GetBytes(link.Value.Secret);

    public void Sign(HttpRequestMessage request, string path)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        request.Headers.Authorization = new AuthenticationHeaderValue(Scheme, $"{now.ToString(CultureInfo.InvariantCulture)}.{Code(path, now)}");
    }

    public bool Allows(HttpRequest request)
    {
        if (link.Value.Secret.Length == 0 || !AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header) || header.Scheme != Scheme
            || header.Parameter?.Split('.') is not [var at, var code] || !long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            return false;
        }

        var age = Math.Abs(time.GetUtcNow().ToUnixTimeSeconds() - seconds);
        return age <= Tolerance.TotalSeconds && CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(code), Encoding.ASCII.GetBytes(Code(request.Path.Value ?? "", seconds)));
    }

    string Code(string path, long seconds) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes($"journals\n{path}\n{seconds.ToString(CultureInfo.InvariantCulture)}")));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<VolumeListing>))]
sealed partial class InsideJson : JsonSerializerContext;
