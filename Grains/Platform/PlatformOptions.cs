namespace Tributary.Grains.Platform;

/// <summary>The platform that media servers report to and players ask ("Platform").</summary>
public sealed class PlatformOptions
{
    /// <summary>Whether this process answers <c>/api_v3</c>, manifests and thumbnails of entries.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Partners by number, made or changed at the start: their secrets (comma separated; the first one signs) and what they may. On a single node
    /// without any, partner 100 is made, and its secrets are written to <c>platform/secrets.json</c> in the data folder.
    /// </summary>
    public Dictionary<string, PartnerOptions> Partners { get; set; } = [];

    /// <summary>Host name or address in the URLs that encoders are given; empty: Node:Host.</summary>
    public string BroadcastHost { get; set; } = "";

    /// <summary>The same for the backup encoder, where that is another site; empty: as <see cref="BroadcastHost"/>.</summary>
    public string BackupBroadcastHost { get; set; } = "";

    /// <summary>TCP port of RTMP in those URLs; 0: that of Ingest:Rtmp:Port.</summary>
    public int RtmpPort { get; set; }

    /// <summary>TCP port of RTMP over TLS in those URLs; 0: none are given.</summary>
    public int RtmpsPort { get; set; }

    /// <summary>TCP port of RTSP in those URLs; 0: none are given.</summary>
    public int RtspPort { get; set; }

    /// <summary>UDP port of SRT in those URLs; 0: none are given.</summary>
    public int SrtPort { get; set; }

    /// <summary>Folder of uploaded and recorded files, the same for every process of a cluster; empty: <c>platform/content</c> in the data folder.</summary>
    public string ContentFolder { get; set; } = "";

    /// <summary>Folders below which a media server may name files instead of uploading them.</summary>
    public string[] ServerFileRoots { get; set; } = [];

    /// <summary>
    /// Path below which the files of entries are packaged, with <c>{packager}</c> (hls, dash, mss, hds), <c>{entry}</c> and <c>{selection}</c> (renditions
    /// that were asked for, and what a session let in: for a packager of this cluster) in it; empty: files are only served as they are.
    /// </summary>
    public string VodLocation { get; set; } = "/{packager}/{entry}{selection}";

    /// <summary>Hosts inside (names or addresses as they stand in a URL) that imports and streams of other servers may name; all others must be on the public internet.</summary>
    public string[] InsideHosts { get; set; } = [];

    /// <summary>How long another server may take to say whether its stream is on air.</summary>
    public TimeSpan OtherServerPatience { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a session that was ended at another gateway may still be taken here.</summary>
    public TimeSpan RevocationAge { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A playable registration is off air when it was not repeated for this long.</summary>
    public TimeSpan RegistrationLifetime { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>A media server that did not report for this long counts as not registered.</summary>
    public TimeSpan HeartbeatLifetime { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>A publisher that is back within this time goes on in the same recording.</summary>
    public TimeSpan SessionReconnect { get; set; } = TimeSpan.FromSeconds(180);

    /// <summary>Longest recording of one entry.</summary>
    public TimeSpan MaxRecording { get; set; } = TimeSpan.FromHours(25);

    /// <summary>Bytes of a request's body, files aside.</summary>
    public int MaxBodyBytes { get; set; } = 4 * 1_024 * 1_024;

    /// <summary>Bytes of one uploaded file or chunk.</summary>
    public long MaxFileBytes { get; set; } = 64L * 1_024 * 1_024 * 1_024;

    /// <summary>Values in one request, all levels together.</summary>
    public int MaxValues { get; set; } = 20_000;

    /// <summary>Calls in one multirequest.</summary>
    public int MaxCalls { get; set; } = 300;

    /// <summary>Objects of one kind that a partner may have.</summary>
    public int MaxObjects { get; set; } = 1_000_000;

    public static bool IsValid(PlatformOptions options) =>
        options is { MaxBodyBytes: > 0, MaxFileBytes: > 0, MaxValues: > 0, MaxCalls: > 0, MaxObjects: > 0 }
        && options.RegistrationLifetime > TimeSpan.Zero && options.HeartbeatLifetime > TimeSpan.Zero && options.RevocationAge >= TimeSpan.Zero
        && options.OtherServerPatience > TimeSpan.Zero
        && options.Partners.Keys.All(key => int.TryParse(key, System.Globalization.CultureInfo.InvariantCulture, out _));
}

/// <summary>A partner: an account with its own entries, settings and secrets ("Platform:Partners:NUMBER"; media servers are partner -5).</summary>
public sealed class PartnerOptions
{
    /// <summary>For people.</summary>
    public string Name { get; set; } = "";

    /// <summary>Signs sessions of administrators, at least 6 characters; several, comma separated, while one replaces the other.</summary>
    public string AdminSecret { get; set; } = "";

    /// <summary>Signs sessions of users.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Permissions by name, for example <c>FEATURE_LIVE_STREAM_RECORD</c> or <c>MEDIA_SERVER_PARTNER_LEVEL</c>.</summary>
    public string[] Permissions { get; set; } = [];

    /// <summary>Live streams without transcoding at the same time; negative: as many as come.</summary>
    public int MaxLiveStreamInputs { get; set; } = -1;

    /// <summary>Transcoded live streams at the same time; negative: as many as come.</summary>
    public int MaxLiveStreamOutputs { get; set; } = -1;

    /// <summary>Live streams at the same time by the tag that an administrator gave the entry.</summary>
    public Dictionary<string, int> MaxByAdminTag { get; set; } = [];

    /// <summary>The account is blocked: nothing is published or served.</summary>
    public bool Blocked { get; set; }
}
