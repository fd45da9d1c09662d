using System.Buffers.Binary;

namespace Tributary.Media.Containers.MpegTs;

// The heads of PES packets, and the clock.
partial struct TsProgram
{
    const long MaxPcrInterval = 9_000;   // 100 ms: ISO/IEC 13818-1 §2.7.2
    const int MaxPcrFill = 20;

    // §2.4.3.7, with data_alignment_indicator: each PES packet begins with an access unit.
    void WritePesStart(
        ref TsPacketWriter writer, ref TsStream stream, int payload, long pts, long dts, bool hasPcr, bool randomAccess, bool isLast)
    {
        const int FixedPart = 9;
        const int EnoughToSpread = 64;   // bytes: for 15 more packets, with all of the header in the first
        Span<byte> header = stackalloc byte[FixedPart + 10 + EnoughToSpread];
        var timestamps = pts == dts ? 5 : 10;
        var stuffing = isLast ? Math.Max(0, EnoughToSpread - FixedPart - timestamps - payload) : 0;
        var length = FixedPart + timestamps + stuffing + payload;
        header[..4].Clear();
        header[2] = 1;
        header[3] = stream.StreamId;
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)(length - 6 <= ushort.MaxValue ? length - 6 : 0));   // 0: unbounded
        header[6] = 0x84;
        header[7] = (byte)(timestamps == 5 ? 0x80 : 0xC0);
        header[8] = (byte)(timestamps + stuffing);
        WriteTimestamp(header[9..], timestamps == 5 ? 2 : 3, pts);
        if (timestamps == 10)
        {
            WriteTimestamp(header[14..], 1, dts);
        }

        header = header[..(FixedPart + timestamps + stuffing)];
        header[(FixedPart + timestamps)..].Fill(0xFF);
        writer.BeginPes(ref stream, length, hasPcr ? Pcr(dts) : -1, randomAccess, isLast);
        writer.Append(header);
        _lastPcr = hasPcr ? dts : _lastPcr;
    }

    // prefix(4) t[32..30] 1 t[29..15] 1 t[14..0] 1
    static void WriteTimestamp(Span<byte> field, int prefix, long time90k)
    {
        var ticks = time90k + TsSegment.TimestampOffset90k;
        field[0] = (byte)((prefix << 4) | (int)((ticks >> 29) & 0xE) | 1);
        BinaryPrimitives.WriteUInt16BigEndian(field[1..], (ushort)((ticks >> 14) | 1));
        BinaryPrimitives.WriteUInt16BigEndian(field[3..], (ushort)((ticks << 1) | 1));
    }

    static long Pcr(long dts90k) => (dts90k + TsSegment.TimestampOffset90k - TsSegment.PcrLead90k) & 0x1_FFFF_FFFF;

    // A stream of few pictures: the clock goes on in packets of its own. A gap of seconds is a jump, and is left as one.
    void FillPcr(ref TsPacketWriter writer, long dts90k, ref TsStream stream)
    {
        if (_lastPcr == long.MinValue || dts90k - _lastPcr > MaxPcrFill * MaxPcrInterval)
        {
            return;
        }

        while (dts90k - _lastPcr > MaxPcrInterval)
        {
            _lastPcr += MaxPcrInterval;
            writer.WritePcr(stream.Pid, stream.Counter, Pcr(_lastPcr));
        }
    }
}
