using System.Buffers;
using System.Buffers.Binary;
using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Rtmp;

// What the server says, and the answers that are only protocol.
public abstract partial class RtmpClient
{
    const double ConnectCall = 1, CreateStreamCall = 4;
    const ushort StreamEof = 1, PingRequest = 6, PingResponse = 7;

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
