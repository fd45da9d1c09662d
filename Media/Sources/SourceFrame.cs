using System.Runtime.InteropServices;

namespace Tributary.Media.Sources;

/// <summary>One coded frame of a file, in ticks of its track's timescale: where its bytes are, and when it is shown.</summary>
/// <param name="Offset">Place of its first byte in the file.</param>
/// <param name="Size">Bytes.</param>
/// <param name="DecodeTime">When it is decoded, from the start of the track.</param>
/// <param name="Duration">Until the next frame is decoded.</param>
/// <param name="CompositionOffset">Presentation time minus decode time; negative where the file says so.</param>
/// <param name="IsKey">Whether decoding can start here.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SourceFrame(long Offset, int Size, long DecodeTime, int Duration, int CompositionOffset, bool IsKey);
