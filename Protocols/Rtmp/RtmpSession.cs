using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Frames;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// The server's side of one RTMP connection, without the socket: bytes in by <see cref="TryRead"/>, replies out to
/// <paramref name="output"/>, and messages for whoever publishes. It answers everything that is only protocol itself. It never throws on what a peer
/// sends; <see cref="End"/> says why it takes no more. RTMP 1.0; one publication at a time.
/// </summary>
/// <param name="output">Where replies go; the caller flushes.</param>
/// <param name="arena">Where payloads are put together once something is being published. The session does not dispose it.</param>
/// <param name="limits">What the peer may ask for.</param>
/// <param name="random">For the handshake's filling; no secret hangs on it.</param>
public sealed partial class RtmpSession(IBufferWriter<byte> output, FrameArena arena, RtmpLimits limits, Random random) : IDisposable
{
    const int ReplyChunkSize = 4096;
    const ushort PingRequest = 6, PingResponse = 7;

    // Commands of strangers go into small memory; a publisher's arena holds a slab for as long as the connection lives.
    static readonly FramePool CommandPool = new(slabSize: 4 * 1024);

    readonly RtmpServerHandshake _handshake = new(output, random);
    readonly RtmpChunkReader _chunks = new(new FrameArena(CommandPool), limits)
    {
        MaxMessageBytes = limits.MaxCommandBytes,
        MaxPendingBytes = 2 * limits.MaxCommandBytes,
    };

    readonly RtmpReplies _replies = new(output);
    Acknowledgements _acknowledgements = new(limits.WindowBytes);
    RtmpAggregate _aggregate;
    RtmpEnd _end;

    public RtmpSession(IBufferWriter<byte> output, FrameArena arena)
        : this(output, arena, RtmpLimits.Default, Random.Shared)
    {
    }

    /// <summary>Why the session takes no more bytes; <see cref="RtmpEnd.None"/> while it does.</summary>
    public RtmpEnd End => _end != RtmpEnd.None ? _end : _chunks.End;

    public bool HandshakeDone => _handshake.IsDone;

    /// <summary>Whether the peer signed its half of the handshake.</summary>
    public bool HandshakeSigned => _handshake.IsSigned;

    /// <summary>What the peer said at connect, once it has.</summary>
    public RtmpConnect? Connect { get; private set; }

    /// <summary>Bytes taken so far.</summary>
    public long BytesRead => _acknowledgements.Received;

    /// <summary>The newest of our pings that the peer answered; null: none yet.</summary>
    public uint? Ponged { get; private set; }

    /// <summary>Media messages that came when nothing was being published, or for a stream that is not: dropped.</summary>
    public long StrayMessages { get; private set; }

    /// <summary>Memory held for messages of which a part has arrived, in bytes.</summary>
    public int PendingBytes => _chunks.PendingBytes;

    /// <summary>
    /// Takes bytes from the front of <paramref name="buffer"/> up to the next message for the caller. False: more bytes are needed, or the
    /// session has ended.
    /// </summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, out RtmpMessage message)
    {
        var before = buffer.Length;
        var found = TryReadMessage(ref buffer, out message);
        if (_acknowledgements.Count(before - buffer.Length) && HandshakeDone)
        {
            _replies.Acknowledge(_acknowledgements.Take());
        }

        return found;
    }

    public void Dispose()
    {
        _aggregate.Dispose();
        _chunks.Dispose();
        LeaveCommandMemory();
    }

    void LeaveCommandMemory()
    {
        if (_chunks.Arena != arena)
        {
            _chunks.Arena.Dispose();
        }

        _chunks.Arena = arena;
    }

    bool TryReadMessage(ref ReadOnlySequence<byte> buffer, out RtmpMessage message)
    {
        message = default;
        if (End != RtmpEnd.None)
        {
            return false;
        }

        // 1. The handshake.
        if (!_handshake.IsDone && !_handshake.TryRead(ref buffer))
        {
            _end = RtmpEnd.NotRtmp;
        }

        if (!_handshake.IsDone)
        {
            return false;
        }

        // 2. What is left of an aggregate, then whole messages, until one is for the caller.
        while (End == RtmpEnd.None)
        {
            if (!_aggregate.TryNext(out var raw) && !_chunks.TryRead(ref buffer, out raw))
            {
                return false;
            }

            if (Handle(raw, out message))
            {
                return true;
            }
        }

        return false;
    }

    // True: the message is for the caller, and its payload with it.
    bool Handle(in RtmpRawMessage raw, out RtmpMessage message)
    {
        message = default;
        switch (raw.Type)
        {
            case RtmpMessageType.Audio:
                return Hand(raw, RtmpMessageKind.Audio, raw.Payload, out message);
            case RtmpMessageType.Video:
                return Hand(raw, RtmpMessageKind.Video, raw.Payload, out message);
            case RtmpMessageType.DataAmf0:
                return Hand(raw, RtmpMessageKind.Data, raw.Payload, out message);
            case RtmpMessageType.DataAmf3:
                // AMF 0 behind a selector byte of 0, which some encoders leave out.
                return Hand(raw, RtmpMessageKind.Data, raw.Payload.Span is [0, ..] ? raw.Payload.Slice(1) : raw.Payload, out message);
            case RtmpMessageType.Aggregate:
                if (IsOnAir(raw.StreamId) && !RtmpAggregate.TryOpen(raw, out _aggregate))
                {
                    _end = RtmpEnd.BadAggregate;
                }

                raw.Payload.Release();
                return false;
            case RtmpMessageType.CommandAmf0 or RtmpMessageType.CommandAmf3:
                message = OnCommand(raw);
                raw.Payload.Release();
                return message.Kind != RtmpMessageKind.None;
            default:
                OnControl(raw.Type, raw.Payload.Span);
                raw.Payload.Release();
                return false;
        }
    }

    bool Hand(in RtmpRawMessage raw, RtmpMessageKind kind, FrameData payload, out RtmpMessage message)
    {
        message = default;
        if (!IsOnAir(raw.StreamId))
        {
            StrayMessages++;
            raw.Payload.Release();
            return false;
        }

        message = new RtmpMessage(kind, raw.Timestamp, payload, null);
        return true;
    }

    // Protocol control (§5.4) and user control (§7.1.7); unknown types are for others and ignored.
    void OnControl(RtmpMessageType type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case RtmpMessageType.SetChunkSize or RtmpMessageType.Abort or RtmpMessageType.WindowAcknowledgementSize when body.Length < 4:
                _end = RtmpEnd.BadControlMessage;
                break;
            case RtmpMessageType.SetChunkSize:
                if (!_chunks.TrySetChunkSize(BinaryPrimitives.ReadUInt32BigEndian(body)))
                {
                    _end = RtmpEnd.BadChunkSize;
                }

                break;
            case RtmpMessageType.Abort:
                _chunks.Abort(BinaryPrimitives.ReadUInt32BigEndian(body));
                break;
            case RtmpMessageType.WindowAcknowledgementSize:
                _acknowledgements.SetWindow(BinaryPrimitives.ReadUInt32BigEndian(body));
                break;
            case RtmpMessageType.UserControl when body.Length >= 6 && BinaryPrimitives.ReadUInt16BigEndian(body) == PingRequest:
                _replies.Pong(BinaryPrimitives.ReadUInt32BigEndian(body[2..]));
                break;
            case RtmpMessageType.UserControl when body.Length >= 6 && BinaryPrimitives.ReadUInt16BigEndian(body) == PingResponse:
                Ponged = BinaryPrimitives.ReadUInt32BigEndian(body[2..]);
                break;
        }
    }

    /// <summary>Asks the peer for a sign, which it gives back as <see cref="Ponged"/> (RTMP 1.0 §7.1.7).</summary>
    public void Ping(uint sign) => _replies.Ping(sign);

    /// <summary>
    /// Counts what arrived, and says when the peer is to hear of it: at half of its window, so that it never has to wait (§5.4.4).
    /// </summary>
    struct Acknowledgements(int mostBytes)
    {
        const int SmallestWindow = 8 * 1024;

        readonly int _most = Math.Max(mostBytes, SmallestWindow);
        long _acknowledged;
        int _window = mostBytes;

        public long Received { get; private set; }

        public void SetWindow(uint bytes) => _window = (int)Math.Clamp(bytes, SmallestWindow, (uint)_most);

        public bool Count(long bytes)
        {
            Received += bytes;
            return Received - _acknowledged >= _window / 2;
        }

        // The sequence number is the count in 32 bits, wrapping.
        public uint Take()
        {
            _acknowledged = Received;
            return (uint)Received;
        }
    }
}
