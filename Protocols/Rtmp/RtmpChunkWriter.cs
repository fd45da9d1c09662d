using System.Buffers;
using System.Buffers.Binary;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// Cuts messages into chunks (RTMP 1.0 §5.3) with the shortest headers that every reader takes the same way. A payload may come in two
/// pieces, so that a tag header can stand before coded bytes that lie elsewhere; nothing is joined first.
/// </summary>
public sealed class RtmpChunkWriter(IBufferWriter<byte> output)
{
    const uint ExtendedMark = 0xFFFFFF;

    readonly Dictionary<int, Sent> _sent = [];
    int _chunkSize = 128;

    /// <summary>Bytes of payload per chunk. Whoever changes it tells the peer by <see cref="SetChunkSize"/>.</summary>
    public int ChunkSize => _chunkSize;

    /// <summary>Tells the peer of a new chunk size, and uses it from the next message on (§5.4.1).</summary>
    public void SetChunkSize(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        WriteControl(RtmpMessageType.SetChunkSize, (uint)size);
        _chunkSize = Math.Min(size, 0xFFFFFF);
    }

    /// <summary>A control message of one number (§5.4) on chunk stream 2.</summary>
    public void WriteControl(RtmpMessageType type, uint value)
    {
        Span<byte> body = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(body, value);
        Write(2, type, 0, 0, body);
    }

    public void Write(int chunkStreamId, RtmpMessageType type, uint streamId, uint timestamp, ReadOnlySpan<byte> body) =>
        Write(chunkStreamId, type, streamId, timestamp, [], body);

    /// <summary>One message whose payload is <paramref name="head"/> followed by <paramref name="body"/>.</summary>
    public void Write(
        int chunkStreamId, RtmpMessageType type, uint streamId, uint timestamp, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        var length = head.Length + body.Length;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 0xFFFFFF, nameof(body));
        var field = WriteHeader(chunkStreamId, type, streamId, timestamp, length);
        var left = _chunkSize;
        WritePiece(chunkStreamId, field, head, ref left);
        WritePiece(chunkStreamId, field, body, ref left);
    }

    void WritePiece(int chunkStreamId, uint field, ReadOnlySpan<byte> piece, ref int left)
    {
        Span<byte> header = stackalloc byte[3 + 4];
        while (!piece.IsEmpty)
        {
            if (left == 0)
            {
                var used = WriteBasicHeader(header, 3, chunkStreamId);
                used += WriteExtended(header[used..], field);
                output.Write(header[..used]);
                left = _chunkSize;
            }

            var count = Math.Min(left, piece.Length);
            output.Write(piece[..count]);
            piece = piece[count..];
            left -= count;
        }
    }

    // The header of a message's first chunk; gives the timestamp field that the later chunks repeat where it is extended.
    uint WriteHeader(int chunkStreamId, RtmpMessageType type, uint streamId, uint timestamp, int length)
    {
        if (!_sent.TryGetValue(chunkStreamId, out var last))
        {
            _sent.Add(chunkStreamId, last = new Sent());
        }

        var format = last.Format(type, streamId, timestamp, length);
        var field = format == 0 ? timestamp : timestamp - last.Timestamp;
        var shown = Math.Min(field, ExtendedMark);

        Span<byte> header = stackalloc byte[3 + 11 + 4];
        var used = WriteBasicHeader(header, format, chunkStreamId);
        if (format < 3)
        {
            WriteUInt24(header[used..], shown);
            used += 3;
        }

        if (format < 2)
        {
            WriteUInt24(header[used..], (uint)length);
            header[used + 3] = (byte)type;
            used += 4;
        }

        if (format == 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header[used..], streamId);
            used += 4;
        }

        used += WriteExtended(header[used..], field);
        output.Write(header[..used]);
        last.Set(format, type, streamId, timestamp, field, length);
        return field;
    }

    static int WriteBasicHeader(Span<byte> header, int format, int id)
    {
        switch (id)
        {
            case >= 2 and < 64:
                header[0] = (byte)(format << 6 | id);
                return 1;
            case >= 64 and < 320:
                header[0] = (byte)(format << 6);
                header[1] = (byte)(id - 64);
                return 2;
            case >= 320 and < 65_600:
                header[0] = (byte)(format << 6 | 1);
                BinaryPrimitives.WriteUInt16LittleEndian(header[1..], (ushort)(id - 64));
                return 3;
            default:
                throw new ArgumentOutOfRangeException(nameof(id), id, "Chunk stream ids go from 2 to 65,599.");
        }
    }

    static int WriteExtended(Span<byte> header, uint field)
    {
        if (field < ExtendedMark)
        {
            return 0;
        }

        BinaryPrimitives.WriteUInt32BigEndian(header, field);
        return 4;
    }

    static void WriteUInt24(Span<byte> at, uint value)
    {
        at[0] = (byte)(value >> 16);
        at[1] = (byte)(value >> 8);
        at[2] = (byte)value;
    }

    /// <summary>What was sent last on a chunk stream.</summary>
    sealed class Sent
    {
        bool _any, _isDifference;
        RtmpMessageType _type;
        uint _streamId, _field;
        int _length;

        public uint Timestamp { get; private set; }

        /// <summary>
        /// The shortest header format. Type 3 begins a message only after a difference, since readers disagree about what it means after an
        /// absolute time; and what goes back in time is sent whole.
        /// </summary>
        public int Format(RtmpMessageType type, uint streamId, uint timestamp, int length)
        {
            var step = timestamp - Timestamp;
            if (!_any || streamId != _streamId || step > int.MaxValue)
            {
                return 0;
            }

            if (type != _type || length != _length)
            {
                return 1;
            }

            return _isDifference && step == _field ? 3 : 2;
        }

        public void Set(int format, RtmpMessageType type, uint streamId, uint timestamp, uint field, int length)
        {
            _any = true;
            _isDifference = format != 0;
            (_type, _streamId, Timestamp, _field, _length) = (type, streamId, timestamp, field, length);
        }
    }
}
