using System.Text.Json;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Asks the DRM upstream for a presentation's keys, and checks what it says: an array whose first object has <c>key</c> and <c>key_id</c> of 16 bytes and
/// <c>pssh</c> objects with <c>uuid</c> and <c>data</c>, all base64. Nothing encrypts yet: only failures are told from one another.
/// </summary>
sealed class DrmInfo(UpstreamClient upstreams, VodCaches caches)
{
    const int KeyLength = 16;

    internal async ValueTask<(MediaFailure Failure, string Reason)> CheckAsync(VodLocation location, VodVariables variables, CancellationToken cancellation)
    {
        var path = location.DrmRequestUri?.Evaluate(variables) ?? variables.SubUri;
        if (location.DrmUpstream is not { } upstream || UpstreamClient.Address(upstream, path, "") is not { } uri)
        {
            return (MediaFailure.Internal, "drm_enabled needs drm_upstream_location");
        }

        var answer = caches.DrmInfo(location) is { } cache
            ? await cache.GetOrLoad(uri.AbsoluteUri, () => AskAsync(location, uri, CancellationToken.None), static kept => kept.Failure == MediaFailure.None ? kept.Json.Length : 0, cancellation)
            : await AskAsync(location, uri, cancellation);
        return (answer.Failure, answer.Reason);
    }

    async Task<MappingAnswer> AskAsync(VodLocation location, UpstreamAddress uri, CancellationToken cancellation)
    {
        var answer = await upstreams.GetAsync(uri, location.MaxDrmInfoLength, location.MaxUpstreamHeadersSize, cancellation);
        return answer.Failure != MediaFailure.None ? new(answer.Failure, answer.Reason, default)
            : IsValid(answer.Body) ? new(MediaFailure.None, "", answer.Body)
            : new(MediaFailure.BadMapping, "the DRM upstream did not answer with a key, its id and pssh boxes", default);
    }

    static bool IsValid(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            var info = document.RootElement[0];
            return info.GetProperty("key").GetBytesFromBase64().Length == KeyLength
                && info.GetProperty("key_id").GetBytesFromBase64().Length == KeyLength
                && info.GetProperty("pssh").EnumerateArray().All(box => box.GetProperty("uuid").GetGuid() != Guid.Empty && box.GetProperty("data").GetBytesFromBase64().Length > 0);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            return false;   // a field that is not there, or of another type
        }
    }
}
