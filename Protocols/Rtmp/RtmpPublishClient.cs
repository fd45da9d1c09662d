using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Rtmp;

/// <summary>How far a publishing client has come.</summary>
public enum RtmpClientState : byte
{
    Handshaking,
    Connecting,
    CreatingStream,
    Publishing,

    /// <summary>On the air: media may be sent.</summary>
    OnAir,

    /// <summary>Over; <see cref="RtmpPublishClient.End"/> and <see cref="RtmpPublishClient.Refusal"/> say why.</summary>
    Ended,
}

/// <summary>What a client asks a server for.</summary>
public sealed record RtmpPublishOptions
{
    /// <summary>The application: <c>live</c>.</summary>
    public required string App { get; init; }

    /// <summary>The URL up to the application: <c>rtmp://host/live</c>.</summary>
    public required string TcUrl { get; init; }

    /// <summary>The publishing name, with its query.</summary>
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
/// The publishing side of one RTMP connection, without the socket: <see cref="Start"/>, then feed what the server sends to
/// <see cref="TryRead"/> until <see cref="State"/> is on the air, then send. What it writes goes to <paramref name="output"/>; the caller
/// flushes. It never throws on what the server sends.
/// </summary>
public sealed class RtmpPublishClient(IBufferWriter<byte> output, FrameArena arena, RtmpPublishOptions options, Random random) : IDisposable
{
    const int CommandChunks = 3, AudioChunks = 4, VideoChunks = 6, DataChunks = 8;
    const double ConnectCall = 1, CreateStreamCall = 4, PublishCall = 5;

    readonly RtmpClientHandshake _handshake = new(output, random, options.DigestScheme);
    readonly RtmpChunkReader _reader = new(arena, options.Limits) { MaxMessageBytes = options.Limits.MaxCommandBytes };
    readonly RtmpChunkWriter _writer = new(output);
    readonly ArrayBufferWriter<byte> _body = new(512);
    uint _streamId;
    long _received, _acknowledged;
    RtmpEnd _end;

    public RtmpClientState State { get; private set; }

    public RtmpEnd End => _end != RtmpEnd.None ? _end : _reader.End;

    /// <summary>What the server gave as its reason, where it refused: a code and a sentence.</summary>
    public string Refusal { get; private set; } = "";

    /// <summary>The properties that the server answered connect with.</summary>
    public AmfValue ServerProperties { get; private set; } = AmfValue.Null;

    /// <summary>Writes the first bytes.</summary>
    public void Start() => _handshake.Start();

    /// <summary>Takes what the server sent, whole messages at a time, and writes what follows from it. False once it is over.</summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer)
    {
        var before = buffer.Length;
        if (!_handshake.IsDone)
        {
            if (!_handshake.TryRead(ref buffer))
            {
                return Finish(RtmpEnd.BadHandshake);
            }

            if (!_handshake.IsDone)
            {
                return true;
            }

            SendConnect();
        }

        while (State != RtmpClientState.Ended && _reader.TryRead(ref buffer, out var message))
        {
            Handle(message);
            message.Payload.Release();
        }

        if (_reader.End != RtmpEnd.None)
        {
            return Finish(_reader.End);
        }

        Acknowledge(before - buffer.Length);
        return State != RtmpClientState.Ended;
    }

    /// <summary>Sends an FLV audio tag body, in two pieces so that a tag header need not be copied before the coded bytes.</summary>
    public void SendAudio(uint timestamp, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body) =>
        _writer.Write(AudioChunks, RtmpMessageType.Audio, _streamId, timestamp, head, body);

    /// <summary>Sends an FLV video tag body, in two pieces.</summary>
    public void SendVideo(uint timestamp, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body) =>
        _writer.Write(VideoChunks, RtmpMessageType.Video, _streamId, timestamp, head, body);

    /// <summary>Sends a data message, AMF 0: as a rule @setDataFrame, onMetaData and an ECMA array.</summary>
    public void SendData(uint timestamp, ReadOnlySpan<byte> body) =>
        _writer.Write(DataChunks, RtmpMessageType.DataAmf0, _streamId, timestamp, body);

    /// <summary>Ends the publication as encoders do.</summary>
    public void Stop()
    {
        Call("FCUnpublish", PublishCall + 1).Null().String(options.StreamName);
        SendCommand(0);
        Call("deleteStream", PublishCall + 2).Null().Number(_streamId);
        SendCommand(0);
        State = RtmpClientState.Ended;
    }

    public void Dispose() => _reader.Dispose();

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
            case RtmpMessageType.UserControl when body.Length >= 6 && BinaryPrimitives.ReadUInt16BigEndian(body) == 6:
                Pong(body[2..6]);
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

    void OnCommand(RtmpCommand command)
    {
        switch (command.Name)
        {
            case "_result" when State == RtmpClientState.Connecting && command.Transaction == ConnectCall:
                ServerProperties = command.Object;
                SendCreateStream();
                break;
            case "_error" when State == RtmpClientState.Connecting && command.Transaction == ConnectCall:
                Refuse(RtmpEnd.ConnectRefused, command[0]);
                break;
            case "_result" when State == RtmpClientState.CreatingStream && command.Transaction == CreateStreamCall:
                _streamId = (uint)Math.Clamp(command[0].Number, 0, uint.MaxValue);
                SendPublish();
                break;
            case "_error" when State == RtmpClientState.CreatingStream && command.Transaction == CreateStreamCall:
                Refuse(RtmpEnd.PublishRefused, command[0]);
                break;
            case "onStatus" when command[0]["level"].String == "error":
                Refuse(RtmpEnd.PublishRefused, command[0]);
                break;
            case "onStatus" when State == RtmpClientState.Publishing && command[0]["code"].String == "NetStream.Publish.Start":
                State = RtmpClientState.OnAir;
                break;
        }
    }

    void SendConnect()
    {
        State = RtmpClientState.Connecting;
        _writer.SetChunkSize(options.ChunkSize);
        var amf = Call("connect", ConnectCall).BeginObject()
            .Property("app", options.App)
            .Property("type", "nonprivate")
            .Property("flashVer", "FMLE/3.0 (compatible; Tributary)")
            .Property("tcUrl", options.TcUrl);
        if (options.Enhanced)
        {
            amf.Name("fourCcList").BeginStrictArray(1).String("*");
            amf.Property("capsEx", 0x02 | 0x04);
        }

        amf.End();
        SendCommand(0);
    }

    void SendCreateStream()
    {
        State = RtmpClientState.CreatingStream;
        Call("releaseStream", 2).Null().String(options.StreamName);
        SendCommand(0);
        Call("FCPublish", 3).Null().String(options.StreamName);
        SendCommand(0);
        Call("createStream", CreateStreamCall).Null();
        SendCommand(0);
    }

    void SendPublish()
    {
        State = RtmpClientState.Publishing;
        Call("publish", PublishCall).Null().String(options.StreamName).String("live");
        SendCommand(_streamId);
    }

    Amf0Writer Call(string name, double transaction)
    {
        _body.ResetWrittenCount();
        return new Amf0Writer(_body).String(name).Number(transaction);
    }

    void SendCommand(uint streamId) => _writer.Write(CommandChunks, RtmpMessageType.CommandAmf0, streamId, 0, _body.WrittenSpan);

    void Pong(ReadOnlySpan<byte> time)
    {
        ReadOnlySpan<byte> body = [0, 7, .. time];
        _writer.Write(2, RtmpMessageType.UserControl, 0, 0, body);
    }

    void Acknowledge(long bytes)
    {
        _received += bytes;
        if (_received - _acknowledged >= options.Limits.WindowBytes / 2)
        {
            _acknowledged = _received;
            _writer.WriteControl(RtmpMessageType.Acknowledgement, (uint)_received);
        }
    }

    void Refuse(RtmpEnd reason, AmfValue info)
    {
        Refusal = $"{info["code"].String}: {info["description"].String}";
        Finish(reason);
    }

    bool Finish(RtmpEnd reason)
    {
        _end = reason;
        State = RtmpClientState.Ended;
        return false;
    }
}
