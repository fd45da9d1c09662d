using Microsoft.AspNetCore.Http;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;

namespace Tributary.Gateway.ApiV3;

/// <summary>
/// What a manifest's URL asks for: pairs in the path, or in the query, each under its long or its short name. The path wins.
/// </summary>
sealed class ManifestRequest
{
    const int MaxPairs = 64;

    static readonly Dictionary<string, string> ShortNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["e"] = "entryId", ["f"] = "format", ["pt"] = "protocol", ["t"] = "tags", ["fi"] = "flavorId", ["fs"] = "flavorIds", ["fp"] = "flavorParamId", ["fps"] = "flavorParamIds",
        ["mb"] = "maxBitrate", ["mib"] = "minBitrate", ["pb"] = "preferredBitrate", ["r"] = "referrer", ["ui"] = "uiConfId", ["sf"] = "seekFrom", ["ct"] = "clipTo",
        ["ch"] = "cdnHost", ["pc"] = "playbackContext", ["ex"] = "expiry", ["dc"] = "deliveryCode", ["si"] = "storageId",
    };

    readonly Dictionary<string, string> _values = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="rest">What follows playManifest/ or thumbnail/, without escapes.</param>
    public static ManifestRequest Read(string rest, IQueryCollection query)
    {
        var request = new ManifestRequest();
        foreach (var (name, values) in query.Take(MaxPairs))
        {
            request.Set(name, values.ToString());
        }

        var parts = rest.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var at = 0; at + 1 < parts.Length && at < 2 * MaxPairs; at += 2)
        {
            request.Set(parts[at], parts[at + 1]);
        }

        return request;
    }

    void Set(string name, string value) => _values[ShortNames.GetValueOrDefault(name, name)] = value;

    public string Text(string name, string otherwise = "") => _values.GetValueOrDefault(name) is { Length: > 0 } value ? value : otherwise;

    /// <summary>A number that is not negative; null where there is none.</summary>
    public long? Number(string name) => long.TryParse(Text(name), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Whose session it carries.</summary>
    /// <exception cref="PlatformException">The session is not valid (any more).</exception>
    public async Task<Caller> CallerOf(HttpContext context, PlatformApi api) => Text("ks") is { Length: > 0 } ks
        ? await api.Verify(ks, new RequestFacts("", PlayManifestEndpoint.Ip(context), $"{context.Request.Path}{context.Request.QueryString}", "", ""), used: true) : Caller.Anonymous;

    public string[] List(params string[] names) => [.. names.SelectMany(name => Text(name).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct()];
}
