using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>All caches of the packager: a zone per name and kind, as locations name them; shared by locations that name the same.</summary>
public sealed class VodCaches(IOptions<VodOptions> options, TimeProvider time)
{
    readonly ConcurrentDictionary<(string Kind, CacheZone Zone), object> _zones = new();
    readonly ConcurrentDictionary<(string Kind, CacheZone Zone), (Func<CacheCounts> Counts, Action Reset)> _counts = new();
    readonly ConditionalWeakTable<VodLocation, LocationCaches> _ofLocations = [];

    internal VodCache<MediaReadResult> Metadata(VodLocation location) => Of(location).Metadata;

    internal VodCache<MappingAnswer>? Mapping(VodLocation location) => Of(location).Mapping;

    internal VodCache<MappingAnswer>? LiveMapping(VodLocation location) => Of(location).LiveMapping;

    internal VodCache<MappingAnswer>? DynamicMapping(VodLocation location) => Of(location).DynamicMapping;

    internal VodCache<MappingAnswer>? DrmInfo(VodLocation location) => Of(location).DrmInfo;

    internal VodCache<CachedResponse>? Responses(VodLocation location) => Of(location).Responses;

    internal VodCache<CachedResponse>? LiveResponses(VodLocation location) => Of(location).LiveResponses;

    // Once for each location, as long as it is configured: to find a zone by its name takes more hashes and allocations than to find an answer in it.
    LocationCaches Of(VodLocation location) => _ofLocations.GetValue(location, FindZones);

    LocationCaches FindZones(VodLocation location) => new(
        Zone<MediaReadResult>("metadata", location.MetadataCache ?? new CacheZone("default", options.Value.MetadataCacheBytes, null))!,
        Zone<MappingAnswer>("mapping", location.MappingCache), Zone<MappingAnswer>("live_mapping", location.LiveMappingCache),
        Zone<MappingAnswer>("dynamic_mapping", location.DynamicMappingCache), Zone<MappingAnswer>("drm_info", location.DrmInfoCache),
        Zone<CachedResponse>("response", location.ResponseCache ?? Default(location)), Zone<CachedResponse>("live_response", location.LiveResponseCache));

    // What a local file is, is not asked again for a while either.
    CacheZone? Default(VodLocation location) => location.Mode is VodMode.Local or VodMode.Entries && options.Value.ResponseCacheBytes > 0 && options.Value.OpenFileValid > TimeSpan.Zero
        ? new CacheZone("default", options.Value.ResponseCacheBytes, options.Value.OpenFileValid) : null;

    /// <summary>What every zone has seen.</summary>
    public IReadOnlyList<CacheCounts> Counts => [.. _counts.Values.Select(zone => zone.Counts()).OrderBy(zone => zone.Name, StringComparer.Ordinal)];

    public void ResetCounts()
    {
        foreach (var (_, reset) in _counts.Values)
        {
            reset();
        }
    }

    VodCache<T>? Zone<T>(string kind, CacheZone? zone)
        where T : class
    {
        if (zone is null or { Bytes: 0 })
        {
            return null;
        }

        var cache = (VodCache<T>)_zones.GetOrAdd((kind, zone), key => new VodCache<T>($"{kind}/{zone.Name}", zone.Bytes, zone.Expiration, time));
        _counts.TryAdd((kind, zone), (() => cache.Counts, cache.ResetCounts));
        return cache;
    }

    sealed record LocationCaches(
        VodCache<MediaReadResult> Metadata, VodCache<MappingAnswer>? Mapping, VodCache<MappingAnswer>? LiveMapping, VodCache<MappingAnswer>? DynamicMapping,
        VodCache<MappingAnswer>? DrmInfo, VodCache<CachedResponse>? Responses, VodCache<CachedResponse>? LiveResponses);
}

/// <summary>What reading a file's metadata gave: kept, whether it went well or not.</summary>
sealed record MediaReadResult(MediaFailure Failure, string Reason, MediaFile? File, Media.Captions.CaptionsFile? Captions)
{
    public long Bytes => 512 + (File?.MemoryBytes ?? 0) + (Captions?.Cues.Sum(cue => 64L + 2 * (cue.Text.Length + cue.Settings.Length + cue.Id.Length)) ?? 0);
}

/// <summary>What an upstream, a file or the catalog said: bytes of a mapping or of keys, or why there are none.</summary>
sealed record MappingAnswer(MediaFailure Failure, string Reason, ReadOnlyMemory<byte> Json);

/// <summary>An answer that is kept whole, for as long as its location is configured as it was.</summary>
sealed record CachedResponse(VodLocation Location, VodRequestKind Kind, ReadOnlyMemory<byte> Bytes, string ContentType, string Tag, ResponseAge Age);

/// <summary>Which of a location's ages an answer has.</summary>
enum ResponseAge
{
    /// <summary>Of a finished set, and segments of live ones.</summary>
    Vod,

    /// <summary>Of a live set, but the same at any time.</summary>
    Live,

    /// <summary>Of a live set, and otherwise a moment later.</summary>
    LiveTimeDependent,
}
