namespace Tributary.Gateway.Vod;

/// <summary>Packaging of files on demand ("Vod"). What is served, and how, is in the locations.</summary>
public sealed class VodOptions
{
    /// <summary>
    /// JSON with <c>upstreams</c> (name and URL) and <c>locations</c> (prefix, packager, mode, root, options): what is served. Read again when it changes;
    /// a mistake then is told in the log, and what was read before stays. Empty: <c>Vod:Locations</c> and <c>Vod:Upstreams</c>, in the same form.
    /// </summary>
    public string LocationsFile { get; set; } = "";

    /// <summary>Whether <c>/hls</c>, <c>/dash</c>, <c>/mss</c>, <c>/hds</c>, <c>/media</c>, <c>/thumb</c> and <c>/volume_map</c> serve the media folder and the cluster's entries, unless a location has that prefix.</summary>
    public bool DefaultLocations { get; set; } = true;

    /// <summary>Folder of the default locations. Empty: <c>media</c> below the data folder.</summary>
    public string MediaFolder { get; set; } = "";

    /// <summary>Folders that files named by mappings must lie in. Empty: any folder, as mappings come from servers of one's own.</summary>
    public string[] MappedFolders { get; set; } = [];

    /// <summary>Whether a link below a root may lead out of it.</summary>
    public bool FollowLinks { get; set; }

    /// <summary>Bytes of media metadata (tracks and their tables) that are kept, where a location names no <c>metadata_cache</c>.</summary>
    public long MetadataCacheBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Bytes of manifests and other small answers about local files that are kept for <see cref="OpenFileValid"/>, where a location names no
    /// <c>response_cache</c>; 0: none.
    /// </summary>
    public long ResponseCacheBytes { get; set; } = 64L << 20;

    /// <summary>Files that are kept open.</summary>
    public int MaxOpenFiles { get; set; } = 1_000;

    /// <summary>How long an open file is used without asking whether it was replaced.</summary>
    public TimeSpan OpenFileValid { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long what an entry is made of is taken as known: after it a request asks its grain, or the platform, again.</summary>
    public TimeSpan EntryValid { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Entries that are known at the same time, and ids that were asked for in vain.</summary>
    public int MaxEntries { get; set; } = 10_000;

    /// <summary>Bytes of indexes of recordings that are kept: about 2.5 MB for an hour.</summary>
    public long RecordedMovieBytes { get; set; } = 128L << 20;

    /// <summary>How long a viewer whom a session let in to an entry of the platform may play it.</summary>
    public TimeSpan TicketLifetime { get; set; } = TimeSpan.FromHours(12);

    /// <summary>How long an upstream has to answer, for each attempt.</summary>
    public TimeSpan UpstreamTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a question is asked again where the connection failed.</summary>
    public int UpstreamRetries { get; set; } = 1;

    /// <summary>Connections to one upstream at the same time.</summary>
    public int UpstreamConnections { get; set; } = 64;

    /// <summary>How long what a remote file is (its length, its tag) is taken as known.</summary>
    public TimeSpan RemoteValid { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>What <c>$vod_dynamic_mapping</c> is sealed with, equal on all servers that redirect segments to one another. Empty: <c>Cluster:Secret</c>, else this process alone.</summary>
    public string MappingSecret { get; set; } = "";

    /// <summary>
    /// How long at most the packager is tried at the start, on a small movie in a temporary folder, so that the first viewer does not wait until the runtime
    /// has compiled it; zero: not at all.
    /// </summary>
    public TimeSpan WarmUp { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether manifests and captions are sent in gzip to players that accept it.</summary>
    public bool Gzip { get; set; } = true;

    /// <summary>Requests that are answered at the same time; more get 503.</summary>
    public int MaxRequests { get; set; } = 2_000;

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(VodOptions options) =>
        options is { MetadataCacheBytes: > 0, MaxOpenFiles: > 0, UpstreamRetries: >= 0 and <= 5, UpstreamConnections: > 0, MaxRequests: > 0, MaxEntries: > 0, RecordedMovieBytes: > 0, ResponseCacheBytes: >= 0 }
        && options.UpstreamTimeout > TimeSpan.Zero && options.OpenFileValid >= TimeSpan.Zero && options.RemoteValid >= TimeSpan.Zero
        && options.EntryValid > TimeSpan.Zero && options.TicketLifetime > TimeSpan.Zero && options.WarmUp >= TimeSpan.Zero;
}
