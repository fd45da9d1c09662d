using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>
/// Writes a segment of a file as an MPEG transport stream (ISO/IEC 13818-1, RFC 8216 §3.2). Times are those of the presentation plus 9,090 ticks, so that
/// neither PCR nor decode times of a stream that begins at 0 are negative. Counters end where they began: see <see cref="TsSegment"/>.
/// </summary>
static class VodTsSegment
{
    internal const long Offset90k = 9_090;
    const long PcrLead90k = 9_000;
    const byte VideoStreamId = 0xE0;
    const byte AudioStreamId = 0xC0;
    const byte PrivateStreamId = 0xBD;
    const int PtsOnly = 14;
    const int PtsAndDts = 19;

    /// <summary>Called for each picture that a decoder can start at: its place and length in bytes, and when it is shown.</summary>
    internal delegate void KeyFrameFound(long offset, long length, long pts90k);

    /// <summary>Streams of the tracks that a transport stream carries; others are left out.</summary>
    internal static TsElementary[] StreamsOf(MediaSet set, IReadOnlyList<SegmentTrack> tracks, int ptsDelay = 0) =>
    [
        .. tracks.Where(track => VodTsTables.Carries(track.Track.Info)).Select(track => new TsElementary(
            track, Offset90k - (set.Options.Hls.AlignPts && track.Track.Kind == TrackKind.Video ? track.Track.InitialDelayIn(MediaTime.Hz90k) : 0),
            set.Selection.ShiftOf(track.Track.Kind) * 90,
            ptsDelay)),
    ];

    /// <summary>Bytes of the segment, worked out from sizes and times alone.</summary>
    internal static long Measure(TsElementary[] streams, ReadOnlyMemory<byte> id3, KeyFrameFound? found = null)
    {
        var writer = new TsPacketWriter(null);
        Write(ref writer, streams, null, id3, found);
        return writer.Length;
    }

    /// <summary>Writes the segment. False where a picture's NAL units do not add up.</summary>
    internal static bool TryWrite(IBufferWriter<byte> output, TsElementary[] streams, FrameBytes bytes, ReadOnlyMemory<byte> id3)
    {
        var writer = new TsPacketWriter(output);
        var written = Write(ref writer, streams, bytes, id3, null);
        writer.Flush();
        return written;
    }

    static bool Write(ref TsPacketWriter writer, TsElementary[] elementary, FrameBytes? bytes, ReadOnlyMemory<byte> id3, KeyFrameFound? found)
    {
        WriteTables(ref writer, elementary);
        var streams = new TsStream[elementary.Length];
        for (var i = 0; i < streams.Length; i++)
        {
            streams[i] = new TsStream(TsTables.VideoPid + i, elementary[i].Track.Track.Kind == TrackKind.Video ? VideoStreamId : AudioStreamId);
        }

        var order = TsLayout.Of(elementary);
        var last = LastOf(order, streams.Length);
        WriteId3(ref writer, streams.Length, order, id3);
        for (var i = 0; i < order.Count; i++)
        {
            var pes = order[i];
            var stream = elementary[pes.Stream];
            var before = writer.Length;
            var carriesClock = stream.Track.Track.Kind == TrackKind.Video || streams.Length == 1;
            BeginPes(ref writer, ref streams[pes.Stream], pes, carriesClock, last[pes.Stream] == i);
            if (found is not null && pes.IsKey && stream.Track.Track.Kind == TrackKind.Video)
            {
                found(before, writer.Length - before, pes.Pts);
            }

            if (bytes is not null && !WritePayload(ref writer, stream, pes, bytes))
            {
                return false;
            }
        }

        return true;
    }

    static void WriteTables(ref TsPacketWriter writer, TsElementary[] streams)
    {
        Span<byte> section = stackalloc byte[TsTables.MaxSection];
        writer.WriteSection(0, 0, section[..VodTsTables.WriteAssociation(section)]);
        writer.WriteSection(VodTsTables.MapPid, 0, section[..VodTsTables.WriteMap(section, streams)]);
    }

    static int[] LastOf(List<TsPes> order, int streams)
    {
        var last = new int[streams];
        for (var i = 0; i < order.Count; i++)
        {
            last[order[i].Stream] = i;
        }

        return last;
    }

    static void BeginPes(ref TsPacketWriter writer, ref TsStream stream, in TsPes pes, bool carriesClock, bool isLast)
    {
        var timestamps = stream.StreamId == VideoStreamId ? PtsAndDts : PtsOnly;
        Span<byte> header = stackalloc byte[PtsAndDts];
        WriteHeader(header, stream.StreamId, timestamps, pes.Payload, pes.Pts, pes.Dts);
        writer.BeginPes(ref stream, timestamps + pes.Payload, carriesClock ? (pes.Dts - PcrLead90k) & 0x1_FFFF_FFFF : -1, false, isLast);
        writer.Append(header[..timestamps]);
    }

    // §2.4.3.7. The length of a picture that does not fit the field is 0: unbounded.
    static void WriteHeader(Span<byte> header, byte streamId, int size, int payload, long pts, long dts)
    {
        header[..3].Clear();
        header[2] = 1;
        header[3] = streamId;
        var length = size - 6 + payload;
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)(length <= ushort.MaxValue ? length : 0));
        header[6] = 0x80;
        header[7] = (byte)(size == PtsOnly ? 0x80 : 0xC0);
        header[8] = (byte)(size - 9);
        WriteTimestamp(header[9..], size == PtsOnly ? 2 : 3, pts);
        if (size == PtsAndDts)
        {
            WriteTimestamp(header[14..], 1, dts);
        }
    }

    static void WriteTimestamp(Span<byte> field, int prefix, long ticks)
    {
        field[0] = (byte)((prefix << 4) | (int)((ticks >> 29) & 0xE) | 1);
        BinaryPrimitives.WriteUInt16BigEndian(field[1..], (ushort)((ticks >> 14) | 1));
        BinaryPrimitives.WriteUInt16BigEndian(field[3..], (ushort)((ticks << 1) | 1));
    }

    static bool WritePayload(ref TsPacketWriter writer, TsElementary stream, in TsPes pes, FrameBytes bytes)
    {
        var run = stream.Track.Runs[pes.Run];
        Span<byte> adts = stackalloc byte[AdtsHeader.Size];
        for (var i = 0; i < pes.Count; i++)
        {
            ref readonly var frame = ref run.Frames[pes.First + i];
            var data = bytes.Of(run, frame);
            if (stream.Sets is { } sets)
            {
                if (!TsParameterSets.TryMarkStarts(data))
                {
                    return false;
                }

                writer.Append(sets.Delimiter);
                writer.Append(frame.IsKey ? sets.Bytes : default);
            }
            else if (stream.Adts is { } header)
            {
                header.Write(adts, frame.Size);
                writer.Append(adts);
            }

            writer.Append(data);
        }

        return true;
    }

    static void WriteId3(ref TsPacketWriter writer, int streams, List<TsPes> order, ReadOnlyMemory<byte> id3)
    {
        if (id3.IsEmpty || order.FindIndex(pes => pes.Stream == 0) is not (>= 0 and var first))
        {
            return;
        }

        var pts = order[first].Dts;
        var stream = new TsStream(TsTables.VideoPid + streams, PrivateStreamId);
        var pes = new TsPes(streams, 0, 0, 0, id3.Length, pts, pts, true);
        BeginPes(ref writer, ref stream, pes, false, false);
        writer.Append(id3.Span);
    }
}
