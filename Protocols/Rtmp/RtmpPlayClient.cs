using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// The playing side of one RTMP connection: <see cref="RtmpClient.Start"/>, then feed what the server sends to <see cref="TryRead"/> and take
/// the messages of the stream, until <see cref="RtmpClient.State"/> says that it is over.
/// </summary>
public sealed class RtmpPlayClient(IBufferWriter<byte> output, FrameArena arena, RtmpClientOptions options, Random random)
    : RtmpClient(output, arena, options, random)
{
    const ushort SetBufferLength = 3;
    const uint BufferMilliseconds = 1_000;

    /// <summary>A live stream, or else a recorded one (§7.2.2.1, "start").</summary>
    const double LiveOrRecorded = -2;

    readonly string _name = options.StreamName;

    /// <summary>Media messages of other message streams than ours: dropped.</summary>
    public long StrayMessages { get; private set; }

    /// <summary>
    /// Takes bytes from the front of <paramref name="buffer"/> up to the next message of the stream, whose payload is the caller's. False: more bytes
    /// are needed, or it is over.
    /// </summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, out RtmpMessage message)
    {
        while (TryReadMedia(ref buffer, out var raw))
        {
            // Servers exist that send media before they say that playing starts.
            if (State is RtmpClientState.Asking or RtmpClientState.OnAir && raw.StreamId == StreamId)
            {
                message = Message(raw);
                return true;
            }

            StrayMessages++;
            raw.Payload.Release();
        }

        message = default;
        return false;
    }

    private protected override void Describe(Amf0Writer connect) => connect
        .Property("flashVer", "LNX 9,0,124,2")
        .Property("fpad", false)
        .Property("capabilities", 15)
        .Property("audioCodecs", 4_071)    // what Flash declares: every codec of §7.2.1.1
        .Property("videoCodecs", 252)
        .Property("videoFunction", 1);

    private protected override void Ask()
    {
        ExpectMedia();
        Span<byte> buffer = stackalloc byte[10];
        BinaryPrimitives.WriteUInt16BigEndian(buffer, SetBufferLength);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[2..], StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[6..], BufferMilliseconds);
        Call("play", AskCall).Null().String(_name).Number(LiveOrRecorded);
        SendCommand(StreamId);
        Writer.Write(ControlChunks, RtmpMessageType.UserControl, 0, 0, buffer);
    }

    private protected override void OnStatus(string code)
    {
        switch (code)
        {
            case "NetStream.Play.Start" when State == RtmpClientState.Asking:
                State = RtmpClientState.OnAir;
                break;
            case "NetStream.Play.UnpublishNotify" or "NetStream.Play.Stop" or "NetStream.Play.Complete" when State == RtmpClientState.OnAir:
                Finish(RtmpEnd.StreamEnded);
                break;
        }
    }

    static RtmpMessage Message(in RtmpRawMessage raw) => raw.Type switch
    {
        RtmpMessageType.Audio => new RtmpMessage(RtmpMessageKind.Audio, raw.Timestamp, raw.Payload, null),
        RtmpMessageType.Video => new RtmpMessage(RtmpMessageKind.Video, raw.Timestamp, raw.Payload, null),
        // AMF 0 behind a selector byte of 0, which some servers leave out.
        RtmpMessageType.DataAmf3 when raw.Payload.Span is [0, ..] => new RtmpMessage(RtmpMessageKind.Data, raw.Timestamp, raw.Payload.Slice(1), null),
        _ => new RtmpMessage(RtmpMessageKind.Data, raw.Timestamp, raw.Payload, null),
    };
}
