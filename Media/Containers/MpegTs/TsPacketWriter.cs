using System.Buffers;
using System.Buffers.Binary;

namespace Tributary.Media.Containers.MpegTs;

/// <summary>
/// Cuts sections and PES packets into transport packets (ISO/IEC 13818-1 §2.4.3). A PES packet's length is given before its bytes, so that the last
/// transport packet's stuffing is known when it begins. Without an output it only counts.
/// </summary>
/// <remarks>
/// <code>
/// 47 | error(1) start(1) priority(1) PID(13) | scrambling(2) adaptation(1) payload(1) counter(4) | [length | flags | PCR(48) | stuffing] payload
/// </code>
/// </remarks>
ref struct TsPacketWriter(IBufferWriter<byte>? output)
{
    public const int PacketSize = 188;

    /// <summary>Bytes of a packet after its header.</summary>
    public const int Room = PacketSize - 4;

    /// <summary>Bytes of an adaptation field with a PCR.</summary>
    public const int PcrFieldSize = 8;

    const byte Sync = 0x47;
    const byte RandomAccess = 0x40;
    const byte HasPcr = 0x10;

    readonly IBufferWriter<byte>? _output = output;
    Span<byte> _memory;
    int _used;

    Span<byte> _payload;
    int _left;
    int _packetsLeft;
    TsStream _stream;

    /// <summary>Bytes written or counted.</summary>
    public long Length { get; private set; }

    /// <summary>A section that fits one packet (§2.4.4), the rest filled with FF.</summary>
    public void WriteSection(int pid, int counter, scoped ReadOnlySpan<byte> section)
    {
        var packet = NextPacket();
        if (packet.IsEmpty)
        {
            return;
        }

        WriteHeader(packet, pid, starts: true, 0x10 | (counter & 0xF));
        packet[4] = 0;   // pointer_field
        section.CopyTo(packet[5..]);
        packet[(5 + section.Length)..].Fill(0xFF);
    }

    /// <summary>A packet with a PCR and no payload, which does not count for continuity (§2.4.3.3).</summary>
    public void WritePcr(int pid, int counter, long pcr)
    {
        var packet = NextPacket();
        if (packet.IsEmpty)
        {
            return;
        }

        WriteHeader(packet, pid, starts: false, 0x20 | ((counter - 1) & 0xF));
        packet[4] = Room - 1;
        packet[5] = HasPcr;
        WritePcrField(packet[6..], pcr);
        packet[(4 + PcrFieldSize)..].Fill(0xFF);
    }

    /// <summary>
    /// Starts a PES packet of <paramref name="length"/> bytes. All of them must be given to <see cref="Append"/>, unless this only counts.
    /// </summary>
    /// <param name="stream">The stream; its counter goes on.</param>
    /// <param name="length">Bytes of the PES packet, its header included.</param>
    /// <param name="pcr">PCR in ticks of 90 kHz; -1 for none.</param>
    /// <param name="randomAccess">Whether decoding can start here.</param>
    /// <param name="endsStream">
    /// Whether this is the stream's last in the segment: then it is spread over so many packets that the counter ends where it began, see
    /// <see cref="TsSegment"/>.
    /// </param>
    public void BeginPes(ref TsStream stream, int length, long pcr, bool randomAccess, bool endsStream)
    {
        var field = pcr >= 0 ? PcrFieldSize : randomAccess ? 2 : 0;
        var packets = 1 + Math.Max(0, length - (Room - field) + Room - 1) / Room;
        if (endsStream)
        {
            packets += -(stream.Counter + packets) & 0xF;
        }

        _left = length;
        _packetsLeft = packets;
        _stream = stream;
        stream.Counter += packets;
        if (_output is null)
        {
            Length += (long)packets * PacketSize;
            return;
        }

        OpenPacket(starts: true, pcr, randomAccess);
    }

    /// <summary>The next bytes of the PES packet.</summary>
    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && _output is not null)
        {
            if (_payload.IsEmpty)
            {
                bytes = bytes[AppendWhole(bytes)..];
                if (bytes.IsEmpty)
                {
                    return;
                }

                OpenPacket(starts: false, pcr: -1, randomAccess: false);
            }

            var count = Math.Min(bytes.Length, _payload.Length);
            bytes[..count].CopyTo(_payload);
            _payload = _payload[count..];
            bytes = bytes[count..];
        }
    }

    /// <summary>Hands the last packets to the output.</summary>
    public void Flush()
    {
        _output?.Advance(_used);
        _memory = default;
        _used = 0;
    }

    // Packets that are nothing but four bytes of header and payload, one like the other: most of a stream. Returns the payload that they took.
    int AppendWhole(scoped ReadOnlySpan<byte> bytes)
    {
        var spare = _left - _packetsLeft + 1 - Room;
        var count = spare < 0 ? 0 : Math.Min(Math.Min(bytes.Length / Room, (_memory.Length - _used) / PacketSize), spare / (Room - 1) + 1);
        var packets = _memory.Slice(_used, count * PacketSize);
        var header = (uint)(Sync << 24 | _stream.Pid << 8 | 0x10);
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(packets, header | (uint)(_stream.Counter + i) & 0xF);
            bytes.Slice(i * Room, Room).CopyTo(packets[4..]);
            packets = packets[PacketSize..];
        }

        _stream.Counter += count;
        _used += count * PacketSize;
        _left -= count * Room;
        _packetsLeft -= count;
        Length += count * PacketSize;
        return count * Room;
    }

    // Each packet takes what fits, but leaves a byte for every packet that must still come.
    void OpenPacket(bool starts, long pcr, bool randomAccess)
    {
        var packet = NextPacket();
        var field = pcr >= 0 ? PcrFieldSize : randomAccess ? 2 : 0;
        var payload = Math.Min(Room - field, _left - (_packetsLeft - 1));
        WriteHeader(packet, _stream.Pid, starts, (payload < Room ? 0x30 : 0x10) | (_stream.Counter & 0xF));
        if (payload < Room)
        {
            WriteAdaptation(packet[4..(PacketSize - payload)], pcr, randomAccess);
        }

        _payload = packet[(PacketSize - payload)..];
        _left -= payload;
        _packetsLeft--;
        _stream.Counter++;
    }

    // §2.4.3.4. A field of one byte is a length of zero; from two bytes on there are flags.
    static void WriteAdaptation(Span<byte> field, long pcr, bool randomAccess)
    {
        field[0] = (byte)(field.Length - 1);
        if (field.Length == 1)
        {
            return;
        }

        field[1] = (byte)((randomAccess ? RandomAccess : 0) | (pcr >= 0 ? HasPcr : 0));
        var stuffing = field[2..];
        if (pcr >= 0)
        {
            WritePcrField(stuffing, pcr);
            stuffing = stuffing[6..];
        }

        stuffing.Fill(0xFF);
    }

    // program_clock_reference_base(33) reserved(6) extension(9) = 0
    static void WritePcrField(Span<byte> field, long pcr)
    {
        BinaryPrimitives.WriteUInt32BigEndian(field, (uint)(pcr >> 1));
        field[4] = (byte)(((pcr & 1) << 7) | 0x7E);
        field[5] = 0;
    }

    static void WriteHeader(Span<byte> packet, int pid, bool starts, int control)
    {
        packet[0] = Sync;
        packet[1] = (byte)((starts ? 0x40 : 0) | (pid >> 8));
        packet[2] = (byte)pid;
        packet[3] = (byte)control;
    }

    Span<byte> NextPacket()
    {
        Length += PacketSize;
        if (_output is null)
        {
            return default;
        }

        if (_memory.Length - _used < PacketSize)
        {
            _output.Advance(_used);
            _memory = _output.GetSpan(PacketSize);
            _used = 0;
        }

        var packet = _memory.Slice(_used, PacketSize);
        _used += PacketSize;
        return packet;
    }
}

/// <summary>An elementary stream while it is written: its PID, the stream_id of its PES packets, and the packets with payload so far.</summary>
record struct TsStream(int Pid, byte StreamId)
{
    public int Counter { get; set; }
}
