namespace Tributary.Media.Sets;

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
