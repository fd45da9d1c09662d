using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// What the client's sides of an RTMP connection share, without the socket: handshake, connect, createStream, and the answers that are only
/// protocol. What it writes goes to <paramref name="output"/>; the caller flushes. It never throws on what the server sends.
/// </summary>
public abstract partial class RtmpClient(IBufferWriter<byte> output, FrameArena arena, RtmpClientOptions options, Random random) : IDisposable
{
    private protected const int ControlChunks = 2, CommandChunks = 3;

    /// <summary>Transaction of the publish or play command; lower ones belong to what comes before it.</summary>
    private protected const double AskCall = 5;

    readonly RtmpClientHandshake _handshake = new(output, random, options.DigestScheme);
    readonly RtmpChunkReader _reader = new(arena, options.Limits)
    {
        MaxMessageBytes = options.Limits.MaxCommandBytes,
        MaxPendingBytes = 2 * options.Limits.MaxCommandBytes,
    };

    readonly ArrayBufferWriter<byte> _body = new(512);
    RtmpAggregate _aggregate;
    long _received, _acknowledged;
    RtmpEnd _end;

    public RtmpClientState State { get; private protected set; }

    public RtmpEnd End => _end != RtmpEnd.None ? _end : _reader.End;

    /// <summary>What the server gave as its reason, where it refused: a code and a sentence.</summary>
    public string Refusal { get; private set; } = "";

    /// <summary>Where the server sent us instead (<c>ex.redirect</c>); empty where it did not.</summary>
    public string Redirect { get; private set; } = "";

    /// <summary>The properties that the server answered connect with.</summary>
    public AmfValue ServerProperties { get; private set; } = AmfValue.Null;

    /// <summary>Bytes taken so far, without those of the handshake.</summary>
    public long BytesRead => _received;

    /// <summary>Memory held for messages of which a part has arrived, in bytes.</summary>
    public int PendingBytes => _reader.PendingBytes;

    private protected RtmpChunkWriter Writer { get; } = new(output);

    /// <summary>The message stream that the server created.</summary>
    private protected uint StreamId { get; private set; }

    /// <summary>Writes the first bytes.</summary>
    public void Start() => _handshake.Start();

    public void Dispose()
    {
        _aggregate.Dispose();
        _reader.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The stream was created: asks for what the client is there for.</summary>
    private protected abstract void Ask();

    /// <summary>A status (§7.2.2) that is no error.</summary>
    private protected abstract void OnStatus(string code);

    /// <summary>What is said between connect and createStream.</summary>
    private protected virtual void Announce()
    {
    }

    /// <summary>Properties of connect beyond those that everybody sends.</summary>
    private protected virtual void Describe(Amf0Writer connect)
    {
    }

    /// <summary>From here on messages may be as long as media is.</summary>
    private protected void ExpectMedia() =>
        (_reader.MaxMessageBytes, _reader.MaxPendingBytes) = (options.Limits.MaxMessageBytes, options.Limits.MaxPendingBytes);

    /// <summary>Takes what the server sent up to its next media message, whose payload is the caller's. False: more bytes are needed, or it is over.</summary>
    private protected bool TryReadMedia(ref ReadOnlySequence<byte> buffer, out RtmpRawMessage media)
    {
        media = default;
        if (!_handshake.IsDone)
        {
            if (!_handshake.TryRead(ref buffer))
            {
                return Finish(RtmpEnd.BadHandshake);
            }

            if (!_handshake.IsDone)
            {
                return false;
            }

            SendConnect();
        }

        while (State != RtmpClientState.Ended && TryReadMessage(ref buffer, out var message))
        {
            if (message.Type is RtmpMessageType.Audio or RtmpMessageType.Video or RtmpMessageType.DataAmf0 or RtmpMessageType.DataAmf3)
            {
                media = message;
                return true;
            }

            Handle(message);
            message.Payload.Release();
        }

        return _reader.End != RtmpEnd.None && Finish(_reader.End);
    }

    private protected Amf0Writer Call(string name, double transaction)
    {
        _body.ResetWrittenCount();
        return new Amf0Writer(_body).String(name).Number(transaction);
    }

    private protected void SendCommand(uint streamId) => Writer.Write(CommandChunks, RtmpMessageType.CommandAmf0, streamId, 0, _body.WrittenSpan);

    private protected bool Finish(RtmpEnd reason)
    {
        if (_end == RtmpEnd.None)
        {
            _end = reason;
        }

        State = RtmpClientState.Ended;
        return false;
    }
}
