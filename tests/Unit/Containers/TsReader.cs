using System.Buffers.Binary;

namespace Tributary.Unit.Containers;

/// <summary>Reads a transport stream as strictly as ISO/IEC 13818-1 writes it: every packet, counter, adaptation field, table and PES header.</summary>
sealed class TsReader
{
    readonly Dictionary<int, int> _counters = [];
    int _map = -1;

    public sealed record Pes(int Pid, byte StreamId, long Pts, long Dts, bool RandomAccess, bool Aligned, byte[] Data);

    public List<Pes> Packets { get; } = [];

    /// <summary>PCR values with the index of the transport packet that has them, in ticks of 90 kHz.</summary>
    public List<(int Packet, int Pid, long Pcr)> Clocks { get; } = [];

    public List<byte[]> Sections { get; } = [];

    /// <summary>PIDs in order of their first packet.</summary>
    public List<int> Pids { get; } = [];

    /// <summary>Reads a segment; counters must go on from the segment before.</summary>
    public void Read(ReadOnlySpan<byte> segment)
    {
        Assert.Equal(0, segment.Length % 188);
        Dictionary<int, (List<byte> Data, bool RandomAccess)> open = [];
        for (var index = 0; index * 188 < segment.Length; index++)
        {
            ReadPacket(segment.Slice(index * 188, 188), index, open);
        }

        foreach (var (pid, pes) in open)
        {
            Packets.Add(Parse(pid, pes.Data, pes.RandomAccess));
        }
    }

    void ReadPacket(ReadOnlySpan<byte> packet, int index, Dictionary<int, (List<byte> Data, bool RandomAccess)> open)
    {
        Assert.Equal(0x47, packet[0]);
        Assert.Equal(0, packet[1] & 0xA0);   // no error, no priority
        Assert.Equal(0, packet[3] & 0xC0);   // not scrambled
        var (starts, pid) = ((packet[1] & 0x40) != 0, BinaryPrimitives.ReadUInt16BigEndian(packet[1..]) & 0x1FFF);
        var (hasField, hasPayload, counter) = ((packet[3] & 0x20) != 0, (packet[3] & 0x10) != 0, packet[3] & 0xF);
        if (!Pids.Contains(pid))
        {
            Pids.Add(pid);
        }

        var last = _counters.TryGetValue(pid, out var seen) ? seen : hasPayload ? counter - 1 : counter;
        Assert.True(counter == ((last + (hasPayload ? 1 : 0)) & 0xF), $"PID {pid}, packet {index}: counter {counter} behind {last}");
        _counters[pid] = counter;

        var payload = packet[4..];
        var randomAccess = false;
        if (hasField)
        {
            int length = payload[0];
            Assert.InRange(length, 0, hasPayload ? 182 : 183);
            Assert.True(hasPayload || length == 183);
            if (length > 0)
            {
                randomAccess = (payload[1] & 0x40) != 0;
                if ((payload[1] & 0x10) != 0)
                {
                    var pcr = ((long)BinaryPrimitives.ReadUInt32BigEndian(payload[2..]) << 1) | (long)(payload[6] >> 7);
                    Clocks.Add((index, pid, pcr));
                }

                Assert.True(payload[((payload[1] & 0x10) != 0 ? 8 : 2)..(1 + length)].IndexOfAnyExcept((byte)0xFF) < 0);
            }

            payload = payload[(1 + length)..];
        }

        if (pid == 0 || pid == _map)
        {
            Assert.True(starts);
            var section = payload[(1 + payload[0])..];
            section = section[..(3 + (BinaryPrimitives.ReadUInt16BigEndian(section[1..]) & 0xFFF))];
            _map = pid == 0 ? BinaryPrimitives.ReadUInt16BigEndian(section[^6..]) & 0x1FFF : _map;   // of the one programme, before the CRC
            Sections.Add(section.ToArray());
        }
        else if (starts)
        {
            if (open.TryGetValue(pid, out var before))
            {
                Packets.Add(Parse(pid, before.Data, before.RandomAccess));
            }

            Assert.True(payload.Length >= 14 || payload.Length >= 9 + payload[8], "the header of a PES packet is in its first transport packet");
            open[pid] = ([.. payload], randomAccess);
        }
        else if (hasPayload)
        {
            open[pid].Data.AddRange(payload);
        }
    }

    static Pes Parse(int pid, List<byte> list, bool randomAccess)
    {
        var data = list.ToArray().AsSpan();
        Assert.True(data.StartsWith<byte>([0, 0, 1]));
        var length = BinaryPrimitives.ReadUInt16BigEndian(data[4..]);
        Assert.True(length == 0 || length == data.Length - 6, $"PES_packet_length {length}, {data.Length - 6} bytes");
        Assert.Equal(0x80, data[6] & 0xFB);   // not scrambled; data_alignment_indicator is up to the muxer
        var pts = Timestamp(data[9..], data[7] == 0xC0 ? 3 : 2);
        var dts = data[7] == 0xC0 ? Timestamp(data[14..], 1) : pts;
        return new Pes(pid, data[3], pts, dts, randomAccess, (data[6] & 4) != 0, data[(9 + data[8])..].ToArray());
    }

    static long Timestamp(ReadOnlySpan<byte> field, int prefix)
    {
        Assert.Equal(prefix, field[0] >> 4);
        Assert.Equal(1, field[0] & field[2] & field[4] & 1);
        return ((long)(field[0] >> 1 & 7) << 30) | (long)(BinaryPrimitives.ReadUInt16BigEndian(field[1..]) >> 1) << 15
            | (long)(BinaryPrimitives.ReadUInt16BigEndian(field[3..]) >> 1);
    }
}
