using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Unit.Packaging;

/// <summary>
/// A stream whose marks and frames are made by hand: video of 25 frames per second with a key frame at each segment's start, audio of 48 kHz with
/// 1,024 samples per frame. What the window makes of it can be counted on paper.
/// </summary>
sealed class SyntheticStream : IDisposable
{
    public const int FrameTicks = 3_600;
    public static readonly DateTimeOffset Epoch = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    readonly FrameArena _arena;
    readonly Dictionary<int, long> _nextAudio = [];

    public SyntheticStream(FramePool? pool = null)
    {
        Pool = pool ?? new FramePool(4_096) { Poison = true };
        _arena = new FrameArena(Pool);
    }

    public FramePool Pool { get; }

    public static TrackInfo Video { get; } = new()
    {
        Id = 1, Codec = Codec.H264, Timescale = 90_000, CodecString = "avc1.64001f", Width = 1280, Height = 720,
        DecoderConfig = new byte[] { 1, 2, 3 },
    };

    public static TrackInfo Audio { get; } = new()
    {
        Id = 101, Codec = Codec.Aac, Timescale = 48_000, CodecString = "mp4a.40.2", SampleRate = 48_000, Channels = 2, SamplesPerFrame = 1_024,
        DecoderConfig = new byte[] { 0x11, 0x90 },
    };

    /// <summary>Containers that are easy to read in a test: the header of a chunk is its frame count and last duration.</summary>
    public static SegmentMuxers Muxers { get; } = new(
        (output, track) => output.Write(Encoding.ASCII.GetBytes($"init {track.CodecString} {Convert.ToHexString(track.DecoderConfig.Span)}")),
        (output, track, frames, end, sequence) =>
            output.Write(Encoding.ASCII.GetBytes($"[{frames.Length}x{frames[0].Dts}+{end - frames[^1].Dts}]")),
        (output, video, audio, frames, msn, _) =>
        {
            output.Write(Encoding.ASCII.GetBytes($"ts {msn}"));
            foreach (var frame in frames)
            {
                output.Write(Encoding.ASCII.GetBytes(frame.Track.Kind == TrackKind.Video ? "V" : "A"));
            }
        },
        track => track.Codec is Codec.H264 or Codec.Aac);

    public int TargetDuration { get; set; } = 2;

    public int SegmentFrames { get; set; } = 50;

    /// <summary>One second; 0 for a source that tells of no parts.</summary>
    public int PartTarget90k { get; set; } = 90_000;

    public SegmentMark Mark(long msn, long discontinuities = 0, bool starts = false, long epoch = 1, long? start90k = null) => new()
    {
        Msn = msn,
        Epoch = epoch,
        DiscontinuitySequence = discontinuities,
        StartsDiscontinuity = starts,
        Start90k = start90k ?? msn * SegmentFrames * FrameTicks,
        ProgramDateTime = Epoch + MediaTime.ToTimeSpan(start90k ?? msn * SegmentFrames * FrameTicks, 90_000),
        Independent = true,
        TargetDuration = TargetDuration,
        RunStart90k = 0,
        PartTarget90k = PartTarget90k,
    };

    public MarkedFrame Picture(SegmentMark mark, int index, TrackInfo? track = null, int size = 100) => new(
        new Frame(track ?? Video, Bytes(size, mark.Msn, index), mark.Start90k + index * FrameTicks, 0, 0, index == 0 ? FrameFlags.Key : 0),
        mark, index / 25);

    public MarkedFrame Sound(SegmentMark mark, long dts, TrackInfo? track = null, int size = 20) =>
        new(new Frame(track ?? Audio, Bytes(size, mark.Msn, (int)dts), dts, 0, 0, FrameFlags.Key), mark, SoundPart(mark, dts));

    // 46 frames are 981 ms: as many as fit into a part of a second.
    static int SoundPart(SegmentMark mark, long dts) =>
        (int)Math.Max(0, (dts - (MediaTime.Rescale(mark.Start90k, 90_000, 48_000) + 1_023) / 1_024 * 1_024) / 1_024 / 46);

    /// <summary>Video and, after the pictures that it accompanies, audio of one segment.</summary>
    public List<MarkedFrame> Segment(SegmentMark mark, bool video = true, bool audio = true, TrackInfo? picture = null, int? frames = null)
    {
        var result = new List<MarkedFrame>();
        var count = frames ?? SegmentFrames;
        var track = Audio;
        var start = MediaTime.Rescale(mark.Start90k, 90_000, track.Timescale);
        var next = Math.Max(_nextAudio.GetValueOrDefault(track.Id), (start + 1_023) / 1_024 * 1_024);
        for (var index = 0; index < count; index++)
        {
            if (video)
            {
                result.Add(Picture(mark, index, picture));
            }

            var end = MediaTime.Rescale(mark.Start90k + (index + 1) * FrameTicks, 90_000, track.Timescale);
            for (; next < end; next += 1_024)
            {
                if (audio)
                {
                    result.Add(Sound(mark, next));
                }
            }
        }

        _nextAudio[track.Id] = next;
        return result;
    }

    /// <summary>Appends and gives up the caller's references, as the frame stream does.</summary>
    public static void Send(LiveWindow window, params IEnumerable<MarkedFrame> frames)
    {
        MarkedFrame[] batch = [.. frames];
        window.Append(batch);
        foreach (var frame in batch)
        {
            frame.Frame.Data.Release();
        }
    }

    public static byte[] Read(SegmentBody body)
    {
        using var output = new MemoryStream();
        foreach (var piece in body)
        {
            output.Write(piece.Span);
        }

        Assert.Equal(body.Length, output.Length);
        return output.ToArray();
    }

    public void Dispose() => _arena.Dispose();

    FrameData Bytes(int size, long msn, int index)
    {
        var data = _arena.Allocate(size);
        data.Writable.Fill((byte)index);
        BinaryPrimitives.WriteInt64BigEndian(data.Writable, msn);
        return data;
    }
}
