using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Rtmp;

/// <summary>How far a client has come.</summary>
public enum RtmpClientState : byte
{
    Handshaking,
    Connecting,
    CreatingStream,

    /// <summary>Publish or play was asked for.</summary>
    Asking,

    /// <summary>The server said yes: media may be sent, or comes.</summary>
    OnAir,

    /// <summary>Over; <see cref="RtmpClient.End"/> and <see cref="RtmpClient.Refusal"/> say why.</summary>
    Ended,
}

/// <summary>What a client asks a server for.</summary>
public sealed record RtmpClientOptions
{
    /// <summary>The application: <c>live</c>.</summary>
    public required string App { get; init; }

    /// <summary>The URL up to the application: <c>rtmp://host/live</c>.</summary>
    public required string TcUrl { get; init; }

    /// <summary>The stream's name, with its query.</summary>
    public required string StreamName { get; init; }

    /// <summary>Bytes of payload per chunk that we send.</summary>
    public int ChunkSize { get; init; } = 65_536;

    /// <summary>Which digest scheme to sign the handshake in (0 or 1), or null for the plain one.</summary>
    public int? DigestScheme { get; init; }

    /// <summary>Whether to announce enhanced RTMP.</summary>
    public bool Enhanced { get; init; } = true;

    public RtmpLimits Limits { get; init; } = RtmpLimits.Default;
}

/// <summary>
/// What the client's sides of an RTMP connection share, without the socket: handshake, connect, createStream, and the answers that are only
/// protocol. What it writes goes to <paramref name="output"/>; the caller flushes. It never throws on what the server sends.
/// </summary>
public abstract class RtmpClient(IBufferWriter<byte> output, FrameArena arena, RtmpClientOptions options, Random random) : IDisposable
{
    private protected const int ControlChunks = 2, CommandChunks = 3;

    /// <summary>Transaction of the publish or play command; lower ones belong to what comes before it.</summary>
    private protected const double AskCall = 5;

    const double ConnectCall = 1, CreateStreamCall = 4;
    const ushort StreamEof = 1, PingRequest = 6, PingResponse = 7;

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

    bool TryReadMessage(ref ReadOnlySequence<byte> buffer, out RtmpRawMessage message)
    {
        if (_aggregate.TryNext(out message))
        {
            return true;
        }

        var before = buffer.Length;
        var found = _reader.TryRead(ref buffer, out message);
        Acknowledge(before - buffer.Length);
        return found;
    }

    void Handle(in RtmpRawMessage message)
    {
        var body = message.Payload.Span;
        switch (message.Type)
        {
            case RtmpMessageType.SetChunkSize when body.Length >= 4:
                if (!_reader.TrySetChunkSize(BinaryPrimitives.ReadUInt32BigEndian(body)))
                {
                    Finish(RtmpEnd.BadChunkSize);
                }

                break;
            case RtmpMessageType.Abort when body.Length >= 4:
                _reader.Abort(BinaryPrimitives.ReadUInt32BigEndian(body));
                break;
            case RtmpMessageType.UserControl when body.Length >= 6:
                OnUserControl(BinaryPrimitives.ReadUInt16BigEndian(body), body[2..6]);
                break;
            case RtmpMessageType.Aggregate when !RtmpAggregate.TryOpen(message, out _aggregate):
                Finish(RtmpEnd.BadAggregate);
                break;
            case RtmpMessageType.CommandAmf0 or RtmpMessageType.CommandAmf3:
                if (RtmpCommand.TryParse(message.Type, body, options.Limits.Amf, out var command))
                {
                    OnCommand(command);
                }
                else
                {
                    Finish(RtmpEnd.BadCommand);
                }

                break;
        }
    }

    void OnUserControl(ushort type, ReadOnlySpan<byte> value)
    {
        if (type == PingRequest)
        {
            ReadOnlySpan<byte> body = [0, (byte)PingResponse, .. value];
            Writer.Write(ControlChunks, RtmpMessageType.UserControl, 0, 0, body);
        }
        else if (type == StreamEof && State is RtmpClientState.OnAir && BinaryPrimitives.ReadUInt32BigEndian(value) == StreamId)
        {
            Finish(RtmpEnd.StreamEnded);
        }
    }

    void OnCommand(RtmpCommand command)
    {
        switch (command.Name)
        {
            case "_result" when State == RtmpClientState.Connecting && command.Transaction == ConnectCall:
                ServerProperties = command.Object;
                State = RtmpClientState.CreatingStream;
                Announce();
                Call("createStream", CreateStreamCall).Null();
                SendCommand(0);
                break;
            case "_error" when State == RtmpClientState.Connecting && command.Transaction == ConnectCall:
                Refuse(RtmpEnd.ConnectRefused, command[0]);
                break;
            case "_result" when State == RtmpClientState.CreatingStream && command.Transaction == CreateStreamCall:
                StreamId = (uint)Math.Clamp(command[0].Number, 0, uint.MaxValue);
                State = RtmpClientState.Asking;
                Ask();
                break;
            case "_error" when State == RtmpClientState.CreatingStream && command.Transaction == CreateStreamCall:
                Refuse(RtmpEnd.PublishRefused, command[0]);
                break;
            case "onStatus" when command[0]["level"].String == "error":
                Refuse(RtmpEnd.PublishRefused, command[0]);
                break;
            case "onStatus":
                OnStatus(command[0]["code"].String);
                break;
        }
    }

    void SendConnect()
    {
        State = RtmpClientState.Connecting;
        Writer.SetChunkSize(options.ChunkSize);
        var amf = Call("connect", ConnectCall).BeginObject().Property("app", options.App).Property("tcUrl", options.TcUrl);
        Describe(amf);
        if (options.Enhanced)
        {
            amf.Name("fourCcList").BeginStrictArray(1).String("*");
            amf.Property("capsEx", 0x02 | 0x04);
        }

        amf.End();
        SendCommand(0);
    }

    void Acknowledge(long bytes)
    {
        _received += bytes;
        if (_received - _acknowledged >= options.Limits.WindowBytes / 2)
        {
            _acknowledged = _received;
            Writer.WriteControl(RtmpMessageType.Acknowledgement, (uint)_received);
        }
    }

    void Refuse(RtmpEnd reason, AmfValue info)
    {
        Refusal = $"{info["code"].String}: {info["description"].String}";
        Redirect = info["ex"]["redirect"].String;
        Finish(reason);
    }
}
