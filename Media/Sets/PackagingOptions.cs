namespace Tributary.Media.Sets;

/// <summary>
/// Everything that a location's configuration says of what is packaged. The names are nginx-vod-module's directives without <c>vod_</c>, so are the
/// defaults. Durations are milliseconds, sizes bytes. What a directive makes of variables (a base URL) is evaluated before a packager sees it;
/// <see cref="HlsPackagingOptions.Id3Data"/> alone is evaluated by its packager, which knows the segment's time.
/// </summary>
public sealed record PackagingOptions
{
    public static PackagingOptions Default { get; } = new();

    public SegmentationOptions Segmentation { get; init; } = new();

    public ReadingOptions Reading { get; init; } = new();

    public HlsPackagingOptions Hls { get; init; } = new();

    public DashPackagingOptions Dash { get; init; } = new();

    public MssPackagingOptions Mss { get; init; } = new();

    public HdsPackagingOptions Hds { get; init; } = new();

    public ThumbnailOptions Thumbnail { get; init; } = new();

    public VolumeMapOptions VolumeMap { get; init; } = new();

    public DrmOptions Drm { get; init; } = new();

    public VodUrlOptions Urls { get; init; } = new();
}

/// <summary>How the number of segments of a stream follows from its length: <c>segment_count_policy</c>.</summary>
public enum SegmentCountPolicy
{
    /// <summary>33 s in segments of 10 s are 10, 10, 10, 3.</summary>
    LastShort,

    /// <summary>33 s are 10, 10, 13.</summary>
    LastLong,

    /// <summary>33 s are 10, 10, 13; 38 s are 10, 10, 10, 8.</summary>
    LastRounded,
}

/// <summary>Which track's length is the length of a manifest of several: <c>manifest_duration_policy</c>.</summary>
public enum ManifestDurationPolicy
{
    Max,

    /// <summary>The shortest that is not zero.</summary>
    Min,
}

/// <summary>What manifests say of segments' durations: <c>manifest_segment_durations_mode</c>.</summary>
public enum SegmentDurationsMode
{
    /// <summary>As configured: needs no table of frames.</summary>
    Estimate,

    /// <summary>As the frames are.</summary>
    Accurate,
}

/// <summary>How streams are cut.</summary>
public sealed record SegmentationOptions
{
    /// <summary><c>segment_duration</c>.</summary>
    public long SegmentDuration { get; init; } = 10_000;

    /// <summary><c>bootstrap_segment_durations</c>: of the first segments, before <see cref="SegmentDuration"/> counts.</summary>
    public IReadOnlyList<long> BootstrapSegmentDurations { get; init; } = [];

    /// <summary><c>align_segments_to_key_frames</c>: every segment starts with a key frame.</summary>
    public bool AlignToKeyFrames { get; init; }

    /// <summary><c>segment_count_policy</c>.</summary>
    public SegmentCountPolicy CountPolicy { get; init; }

    /// <summary><c>manifest_duration_policy</c>.</summary>
    public ManifestDurationPolicy ManifestDurationPolicy { get; init; }

    /// <summary><c>manifest_segment_durations_mode</c>.</summary>
    public SegmentDurationsMode DurationsMode { get; init; }

    /// <summary><c>live_window_duration</c>: up to now where positive, up to the mapping's end where negative, all where 0.</summary>
    public long LiveWindowDuration { get; init; } = 30_000;

    /// <summary><c>force_playlist_type_vod</c>: a live set as a finished one.</summary>
    public bool ForcePlaylistTypeVod { get; init; }

    /// <summary><c>force_continuous_timestamps</c>: no gaps between clips, whatever clipTimes says.</summary>
    public bool ForceContinuousTimestamps { get; init; }
}

/// <summary>What is read of media, and at most how much.</summary>
public sealed record ReadingOptions
{
    /// <summary><c>ignore_edit_list</c>.</summary>
    public bool IgnoreEditList { get; init; }

    /// <summary><c>parse_hdlr_name</c>: the handler's name is the track's label.</summary>
    public bool ParseHdlrName { get; init; }

    /// <summary><c>parse_udta_name</c>: the user data's name is the track's label.</summary>
    public bool ParseUdtaName { get; init; }

    /// <summary><c>initial_read_size</c>: of a file, before its boxes are known.</summary>
    public int InitialReadSize { get; init; } = 4096;

    /// <summary><c>max_metadata_size</c>: of a moov box.</summary>
    public long MaxMetadataSize { get; init; } = 128L << 20;

    /// <summary><c>max_frames_size</c>: of all frames of one segment.</summary>
    public long MaxFramesSize { get; init; } = 16L << 20;

    /// <summary><c>max_frame_count</c>: that a request for a whole stream (a playlist) may read.</summary>
    public int MaxFrameCount { get; init; } = 1 << 20;

    /// <summary><c>segment_max_frame_count</c>: that a request for a segment may read.</summary>
    public int SegmentMaxFrameCount { get; init; } = 65_536;

    /// <summary><c>cache_buffer_size</c>: of one read of frames.</summary>
    public int CacheBufferSize { get; init; } = 256 << 10;
}

/// <summary>The container of HLS segments: <c>hls_container_format</c>.</summary>
public enum HlsContainer
{
    /// <summary>MPEG-TS where its codecs allow it, fragmented MP4 otherwise (HEVC, AV1 …).</summary>
    Auto,
    MpegTs,
    Fmp4,
}

/// <summary>How HLS segments are encrypted: <c>hls_encryption_method</c>.</summary>
public enum HlsEncryption
{
    None,
    Aes128,
    SampleAes,
    SampleAesCenc,
}

/// <summary>What of HLS is configured; names of files are without their extension.</summary>
public sealed record HlsPackagingOptions
{
    public HlsContainer Container { get; init; }

    /// <summary><c>hls_force_unmuxed_segments</c>: audio in segments of its own.</summary>
    public bool ForceUnmuxedSegments { get; init; }

    public bool AbsoluteMasterUrls { get; init; } = true;

    public bool AbsoluteIndexUrls { get; init; } = true;

    public bool AbsoluteIframeUrls { get; init; }

    /// <summary><c>hls_output_iframes_playlist</c>: I-frame playlists stand in the master playlist.</summary>
    public bool OutputIframesPlaylist { get; init; } = true;

    public string MasterFileNamePrefix { get; init; } = "master";

    public string IndexFileNamePrefix { get; init; } = "index";

    public string IframesFileNamePrefix { get; init; } = "iframes";

    public string SegmentFileNamePrefix { get; init; } = "seg";

    public string InitFileNamePrefix { get; init; } = "init";

    public HlsEncryption Encryption { get; init; }

    /// <summary><c>hls_encryption_output_iv</c>: EXT-X-KEY carries IV.</summary>
    public bool EncryptionOutputIv { get; init; }

    public string EncryptionKeyFileName { get; init; } = "encryption";

    /// <summary>Evaluated <c>hls_encryption_key_uri</c>; null for the packager's own.</summary>
    public string? EncryptionKeyUri { get; init; }

    /// <summary>KEYFORMAT; empty where it is not written.</summary>
    public string EncryptionKeyFormat { get; init; } = "";

    /// <summary>KEYFORMATVERSIONS; empty where it is not written.</summary>
    public string EncryptionKeyFormatVersions { get; init; } = "";

    /// <summary><c>hls_mpegts_interleave_frames</c>: packets of audio and video mix; otherwise a change between them flushes.</summary>
    public bool InterleaveFrames { get; init; }

    /// <summary><c>hls_mpegts_align_frames</c>: every frame starts a packet.</summary>
    public bool AlignFrames { get; init; } = true;

    /// <summary><c>hls_mpegts_align_pts</c>: decode times are shifted back by the first frame's delay.</summary>
    public bool AlignPts { get; init; }

    /// <summary><c>hls_mpegts_output_id3_timestamps</c>: an ID3 frame in each TS segment.</summary>
    public bool OutputId3Timestamps { get; init; }

    /// <summary><c>hls_mpegts_id3_data</c> with its variables; null for <c>{"timestamp":…,"sequenceId":"…"}</c>.</summary>
    public string? Id3Data { get; init; }
}

/// <summary>How an MPD names its segments: <c>dash_manifest_format</c>.</summary>
public enum DashManifestFormat
{
    SegmentTimeline,
    SegmentTemplate,
    SegmentList,
}

/// <summary>What captions are in DASH: <c>dash_subtitle_format</c>.</summary>
public enum DashSubtitleFormat
{
    WebVtt,
    SmpteTt,
}

/// <summary>What of DASH is configured; names of files are without their extension.</summary>
public sealed record DashPackagingOptions
{
    public bool AbsoluteManifestUrls { get; init; } = true;

    public string ManifestFileNamePrefix { get; init; } = "manifest";

    public string InitFileNamePrefix { get; init; } = "init";

    public string FragmentFileNamePrefix { get; init; } = "fragment";

    public string Profiles { get; init; } = "urn:mpeg:dash:profile:isoff-main:2011";

    public DashManifestFormat ManifestFormat { get; init; }

    public DashSubtitleFormat SubtitleFormat { get; init; }

    /// <summary><c>dash_init_mp4_pssh</c>: pssh boxes stand in initialisation segments as well as in the manifest.</summary>
    public bool InitMp4Pssh { get; init; } = true;

    /// <summary><c>dash_duplicate_bitrate_threshold</c>: representations that differ by fewer bits per second count as the same.</summary>
    public long DuplicateBitrateThreshold { get; init; } = 4096;

    /// <summary><c>dash_use_base_url_tag</c>: BaseURL instead of absolute URLs in templates.</summary>
    public bool UseBaseUrlTag { get; init; }

    /// <summary><c>dash_write_playready_kid</c>: PlayReady's ContentProtection carries the key's id.</summary>
    public bool WritePlayReadyKid { get; init; }
}

/// <summary>What of Smooth Streaming is configured.</summary>
public sealed record MssPackagingOptions
{
    public string ManifestFileNamePrefix { get; init; } = "manifest";

    public long DuplicateBitrateThreshold { get; init; } = 4096;
}

/// <summary>What of HDS is configured.</summary>
public sealed record HdsPackagingOptions
{
    public bool AbsoluteManifestUrls { get; init; } = true;

    public string ManifestFileNamePrefix { get; init; } = "manifest";

    public string FragmentFileNamePrefix { get; init; } = "frag";

    /// <summary><c>hds_generate_moof_atom</c>: a moof box before the mdat box.</summary>
    public bool GenerateMoof { get; init; } = true;
}

/// <summary>What of thumbnails is configured.</summary>
public sealed record ThumbnailOptions
{
    public string FileNamePrefix { get; init; } = "thumb";

    /// <summary><c>thumb_accurate_positioning</c>: the nearest frame; otherwise the nearest key frame.</summary>
    public bool AccuratePositioning { get; init; } = true;

    /// <summary><c>gop_look_behind</c>: how long before the picture frames are looked at.</summary>
    public long GopLookBehind { get; init; } = 10_000;

    /// <summary><c>gop_look_ahead</c>: how long after it.</summary>
    public long GopLookAhead { get; init; } = 1_000;
}

/// <summary>What of volume maps is configured.</summary>
public sealed record VolumeMapOptions
{
    public string FileNamePrefix { get; init; } = "volume_map";

    /// <summary><c>volume_map_interval</c>.</summary>
    public long Interval { get; init; } = 1_000;
}

/// <summary>How media is encrypted for DRM.</summary>
public sealed record DrmOptions
{
    public bool Enabled { get; init; }

    /// <summary><c>drm_single_key</c>: one key for all sequences.</summary>
    public bool SingleKey { get; init; }

    /// <summary><c>drm_clear_lead_segment_count</c>.</summary>
    public int ClearLeadSegmentCount { get; init; } = 1;

    /// <summary><c>min_single_nalu_per_frame_segment</c>: from this segment (from 1) on, frames have one NAL unit; 0 for "not known".</summary>
    public int MinSingleNaluPerFrameSegment { get; init; }

    /// <summary>Evaluated <c>secret_key</c>, the seed of keys and IVs; empty where there is none.</summary>
    public string SecretKey { get; init; } = "";

    /// <summary>Evaluated <c>encryption_iv_seed</c>; empty where there is none.</summary>
    public string EncryptionIvSeed { get; init; } = "";
}

/// <summary>Names of parameters in URLs, and how URLs in manifests are written.</summary>
public sealed record VodUrlOptions
{
    /// <summary><c>force_sequence_index</c>: <c>-f1</c> also where there is one sequence.</summary>
    public bool ForceSequenceIndex { get; init; }

    public string MultiUriSuffix { get; init; } = ".urlset";

    public string ClipFromName { get; init; } = "clipFrom";

    public string ClipToName { get; init; } = "clipTo";

    public string TracksName { get; init; } = "tracks";

    public string TimeShiftName { get; init; } = "shift";

    public string SpeedName { get; init; } = "speed";

    public string LanguageName { get; init; } = "lang";
}
