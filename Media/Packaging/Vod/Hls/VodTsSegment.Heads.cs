using System.Buffers.Binary;
using Tributary.Media.Containers.MpegTs;

namespace Tributary.Media.Packaging.Vod.Hls;

// What stands around the frames: tables, metadata, and the head of each PES packet.
sealed partial class VodTsSegment
{
    void WriteHead(ref TsPacketWriter writer)
    {
        WriteTables(ref writer, _streams);
        WriteId3(ref writer, _streams.Length, _order, _id3);
    }

    static void WriteTables(ref TsPacketWriter writer, TsElementary[] streams)
    {
        Span<byte> section = stackalloc byte[TsTables.MaxSection];
        writer.WriteSection(0, 0, section[..VodTsTables.WriteAssociation(section)]);
        writer.WriteSection(VodTsTables.MapPid, 0, section[..VodTsTables.WriteMap(section, streams)]);
    }

    static void BeginPes(ref TsPacketWriter writer, ref TsStream stream, in TsPes pes, long clock, bool isLast)
    {
        var timestamps = stream.StreamId == VideoStreamId ? PtsAndDts : PtsOnly;
        Span<byte> header = stackalloc byte[PtsAndDts];
        WriteHeader(header, stream.StreamId, timestamps, pes.Payload, pes.Pts, pes.Dts);
        writer.BeginPes(ref stream, timestamps + pes.Payload, clock, false, isLast);
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

    static void WriteId3(ref TsPacketWriter writer, int streams, TsPes[] order, ReadOnlyMemory<byte> id3)
    {
        if (id3.IsEmpty || Array.FindIndex(order, pes => pes.Stream == 0) is not (>= 0 and var first))
        {
            return;
        }

        var pts = order[first].Dts;
        var stream = new TsStream(TsTables.VideoPid + streams, PrivateStreamId);
        var pes = new TsPes(streams, 0, 0, 0, id3.Length, pts, pts, true);
        BeginPes(ref writer, ref stream, pes, -1, false);
        writer.Append(id3.Span);
    }
}
