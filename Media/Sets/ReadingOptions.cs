namespace Tributary.Media.Sets;

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
