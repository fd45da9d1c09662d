using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sets;

namespace Tributary.Gateway.Vod;

/// <summary>Where a location's media is: the directive <c>vod_mode</c>.</summary>
public enum VodMode
{
    /// <summary>Files below the location's root, by the URL's path.</summary>
    Local,

    /// <summary>What a mapping names: of an upstream, or of a file below the root.</summary>
    Mapped,

    /// <summary>Files of an upstream, by ranges.</summary>
    Remote,

    /// <summary>Entries of the cluster by their ids; where the location has a root, files below it before them.</summary>
    Entries,

    /// <summary>No media: what the packager has counted.</summary>
    Status,
}

/// <summary>A cache that a directive names: <c>zone size [expiration]</c>.</summary>
public sealed record CacheZone(string Name, long Bytes, TimeSpan? Expiration)
{
    /// <summary>Nothing is kept, whatever the default is.</summary>
    public static CacheZone Off { get; } = new("off", 0, null);
}

/// <summary>A location: URLs that begin with its prefix, and everything that is configured for them. Immutable; replaced as a whole when it changes.</summary>
public sealed record VodLocation
{
    public required string Prefix { get; init; }

    public required VodPackaging Packaging { get; init; }

    public required VodMode Mode { get; init; }

    /// <summary>Folder of local files or of mapping files; null where there is none.</summary>
    public string? Root { get; init; }

    public PackagingOptions Options { get; init; } = PackagingOptions.Default;

    /// <summary>Base of URLs in manifests; null for the scheme and host of the request.</summary>
    public VodExpression? BaseUrl { get; init; }

    public VodExpression? SegmentsBaseUrl { get; init; }

    public VodExpression? EncryptionKeyUri { get; init; }

    public VodExpression? SecretKey { get; init; }

    public VodExpression? EncryptionIvSeed { get; init; }

    public VodExpression? MediaSetOverride { get; init; }

    public VodExpression? MediaSetMapUri { get; init; }

    public VodExpression? DynamicClipMapUri { get; init; }

    public VodExpression? SourceClipMapUri { get; init; }

    public VodExpression? RedirectSegmentsUrl { get; init; }

    public VodExpression? ApplyDynamicMapping { get; init; }

    public VodExpression? NotificationUri { get; init; }

    public VodExpression? UpstreamExtraArguments { get; init; }

    public VodExpression? DrmRequestUri { get; init; }

    public VodUpstream? Upstream { get; init; }

    public VodUpstream? RemoteUpstream { get; init; }

    public VodUpstream? FallbackUpstream { get; init; }

    public VodUpstream? DrmUpstream { get; init; }

    /// <summary>All upstreams by their names: a URI option that begins with one goes there.</summary>
    public IReadOnlyDictionary<string, VodUpstream> Upstreams { get; init; } = new Dictionary<string, VodUpstream>();

    /// <summary>What stands before the path in an upstream's answer that names one file; null where answers are JSON.</summary>
    public string? PathResponsePrefix { get; init; }

    /// <summary>What stands behind it.</summary>
    public string? PathResponsePostfix { get; init; }

    public long MaxMappingResponseSize { get; init; } = 1_024;

    public long MaxUpstreamHeadersSize { get; init; } = 4_096;

    public long MaxDrmInfoLength { get; init; } = 4_096;

    public string ProxyHeaderName { get; init; } = "X-Kaltura-Proxy";

    public string ProxyHeaderValue { get; init; } = "dumpApiRequest";

    public TimeSpan? Expires { get; init; }

    public TimeSpan? ExpiresLive { get; init; }

    public TimeSpan? ExpiresLiveTimeDependent { get; init; }

    public DateTimeOffset? LastModified { get; init; }

    public IReadOnlyList<string> LastModifiedTypes { get; init; } = [];

    public CacheZone? MetadataCache { get; init; }

    public CacheZone? MappingCache { get; init; }

    public CacheZone? LiveMappingCache { get; init; }

    public CacheZone? ResponseCache { get; init; }

    public CacheZone? LiveResponseCache { get; init; }

    public CacheZone? DynamicMappingCache { get; init; }

    public CacheZone? DrmInfoCache { get; init; }
}

/// <summary>Another server that has mappings, media or keys.</summary>
/// <param name="Name">Its name: the path that options give, such as <c>/map</c>.</param>
/// <param name="Base">Scheme, host, port, and the path that others are appended to.</param>
/// <param name="Host">What it is called in requests, where that is not the host that is connected to (RFC 9110 §7.2); empty otherwise.</param>
public sealed record VodUpstream(string Name, Uri Base, string Host = "");
