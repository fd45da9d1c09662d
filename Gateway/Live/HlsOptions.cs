using Tributary.Grains.KLive;
using Tributary.Media.Packaging.Live;

namespace Tributary.Gateway.Live;

/// <summary>HLS at the gateway ("Gateway:Hls").</summary>
public sealed class HlsOptions
{
    /// <summary>How much of a stream playlists list and memory keeps.</summary>
    public LiveWindowOptions Window { get; set; } = new();

    /// <summary>A stream that nobody asks for is let go after this long.</summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Streams that the gateway follows at the same time; more are answered with 503.</summary>
    public int MaxWindows { get; set; } = 2_000;

    /// <summary>How long a request for a playlist waits for the first segment.</summary>
    public TimeSpan FirstSegmentWait { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>Whether playlists list parts (low-latency HLS); players that do not know parts pass over them.</summary>
    public bool LowLatency { get; set; } = true;

    /// <summary>
    /// How much later than it is there the first part of sound is sent that stands behind a discontinuity, where there are pictures too: hls.js 1.7 places that
    /// sound by the first picture, and stands still for ever where it comes before that and the next part after it. Zero: at once.
    /// </summary>
    public TimeSpan PictureLead { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Where another node sends no frame of a live stream for this long, the stream's grain is asked, once, whether that node still answers.
    /// </summary>
    public TimeSpan DoubtAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Which streams have timed metadata (ID3): at the start of each segment what ties it to the wall clock, and what their encoders say in data messages. Off,
    /// Entries (names that can be live entries of the platform) or All. Recorders write rewind windows by it: all nodes have to have the same.
    /// </summary>
    public SyncPointStreams SyncPoints { get; set; } = SyncPointStreams.Entries;

    /// <summary>Requests that may wait at the same time, for a first segment, a part or a playlist; more are answered with 503.</summary>
    public int MaxWaiting { get; set; } = 10_000;

    /// <summary>Cache lifetime of segments, which never change. Zero: as long as they can be fetched.</summary>
    public TimeSpan SegmentMaxAge { get; set; }

    /// <summary>Cache lifetime of playlists. Zero: half the target duration.</summary>
    public TimeSpan PlaylistMaxAge { get; set; }

    /// <summary>
    /// Which tracks of a stream players are told of, which go together and how they are called, by name of the stream; <c>*</c> in a name stands for any
    /// letters, and the longest name that fits counts. All nodes have to have the same.
    /// </summary>
    public Dictionary<string, TrackChoice> Tracks { get; set; } = [];

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(HlsOptions options) =>
        options.Tracks.Values.All(static choice => choice.IsValid)
        && options.Window is { Window.Ticks: > 0, MaxSegments: >= 6, MaxBytes: > 0, MaxSegmentBytes: > 0, MaxTracks: > 0 and <= 64 }
        && options.Linger > TimeSpan.Zero && options.DoubtAfter > TimeSpan.Zero && options.MaxWindows > 0 && options.MaxWaiting >= 0
        && options.FirstSegmentWait >= TimeSpan.Zero && options.PictureLead >= TimeSpan.Zero
        && options.SegmentMaxAge >= TimeSpan.Zero && options.PlaylistMaxAge >= TimeSpan.Zero;
}
