using System.Buffers;
using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>Writes ftyp and moov of one track.</summary>
public delegate void InitWriter(IBufferWriter<byte> output, TrackInfo track);

/// <summary>Writes moof and the header of mdat for a run of frames of one track; <paramref name="endDts"/> is the end of the last one.</summary>
public delegate void ChunkHeaderWriter(IBufferWriter<byte> output, TrackInfo track, ReadOnlySpan<Frame> frames, long endDts, uint sequence);

/// <summary>Writes a transport stream segment of at most one video and one audio track; <paramref name="id3"/>: what stands at its start, or nothing.</summary>
public delegate void TsWriter(IBufferWriter<byte> output, TrackInfo? video, TrackInfo? audio, ReadOnlySpan<Frame> frames, long msn, ReadOnlySpan<byte> id3);

/// <summary>The containers that a window writes. A window knows time and numbers; what the bytes look like is theirs.</summary>
public sealed record SegmentMuxers(InitWriter Init, ChunkHeaderWriter ChunkHeader, TsWriter Ts, Func<TrackInfo, bool> TsCarries)
{
    /// <summary>The ID3 tag at the start of a segment. Null: none has any, and what the source says (<see cref="TimedMetadata"/>) is left out.</summary>
    public Func<SegmentMark, byte[]>? SyncPoint { get; init; }
}
