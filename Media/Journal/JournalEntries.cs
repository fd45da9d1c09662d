using Tributary.Media.Frames;

namespace Tributary.Media.Journal;

/// <summary>Whose journal this is.</summary>
/// <param name="Stream">The live stream.</param>
/// <param name="Entry">What it is recorded as; empty for the rewind window of a stream.</param>
/// <param name="Epoch">Rises whenever another recorder takes over.</param>
/// <param name="Sequence">Number of the volume among those of its recorder.</param>
/// <param name="Created">When it was begun.</param>
public readonly record struct JournalVolumeHead(string Stream, string Entry, long Epoch, int Sequence, DateTimeOffset Created);

/// <summary>A track's configuration, and where its initialization section stands in its media file.</summary>
/// <param name="Slot">Number of the track in the journal, from 0.</param>
/// <param name="Name">Name of the rendition in URLs: v1, a1 …</param>
/// <param name="Info">The configuration.</param>
/// <param name="InitNumber">Number of the initialization section, as in its live URL.</param>
/// <param name="InitOffset">Its place in the media file.</param>
/// <param name="InitLength">Its bytes.</param>
public sealed record JournalTrack(int Slot, string Name, TrackInfo Info, ulong InitNumber, long InitOffset, int InitLength);

/// <summary>A part as it stands in its track's media file: moof and mdat of one CMAF chunk.</summary>
/// <param name="Slot">The track.</param>
/// <param name="Msn">Number of the segment.</param>
/// <param name="Part">Number within the segment, from 0.</param>
/// <param name="Epoch">Epoch of the source: a segment that a later one begins anew replaces the earlier.</param>
/// <param name="Offset">Place in the media file.</param>
/// <param name="Length">Bytes.</param>
/// <param name="HeaderLength">Of these, what stands before the media.</param>
/// <param name="Dts">Decoding time of its first frame, in ticks of the track.</param>
/// <param name="Duration">In ticks of the track.</param>
/// <param name="CompositionOffset">Presentation minus decoding time of its first frame, in ticks of the track.</param>
/// <param name="StartsWithKey">Whether decoding can start here.</param>
/// <param name="Checksum">CRC-32C of its bytes.</param>
public readonly record struct JournalPart(
    int Slot, long Msn, int Part, long Epoch, long Offset, int Length, int HeaderLength, long Dts, long Duration, int CompositionOffset, bool StartsWithKey,
    uint Checksum);

/// <summary>A track's share of a segment is complete.</summary>
/// <param name="Slot">The track.</param>
/// <param name="Msn">Number of the segment.</param>
/// <param name="Epoch">Epoch of the source.</param>
/// <param name="IsGap">The track has nothing in it (RFC 8216bis §4.4.4.7).</param>
/// <param name="Duration">In ticks of <paramref name="Timescale"/>.</param>
/// <param name="Timescale">Ticks per second.</param>
public readonly record struct JournalSegmentEnd(int Slot, long Msn, long Epoch, bool IsGap, long Duration, int Timescale);
