using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// The publishing side of one RTMP connection: <see cref="RtmpClient.Start"/>, then feed what the server sends to <see cref="TryRead"/> until
/// <see cref="RtmpClient.State"/> is on the air, then send.
/// </summary>
public sealed class RtmpPublishClient(IBufferWriter<byte> output, FrameArena arena, RtmpClientOptions options, Random random)
    : RtmpClient(output, arena, options, random)
{
    const int AudioChunks = 4, VideoChunks = 6, DataChunks = 8;

    readonly string _name = options.StreamName;

    /// <summary>Takes what the server sent, whole messages at a time, and writes what follows from it. False once it is over.</summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer)
    {
        while (TryReadMedia(ref buffer, out var stray))
        {
            stray.Payload.Release();   // nobody asked for it
        }

        return State != RtmpClientState.Ended;
    }

    /// <summary>Sends an FLV audio tag body, in two pieces so that a tag header need not be copied before the coded bytes.</summary>
    public void SendAudio(uint timestamp, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body) =>
        Writer.Write(AudioChunks, RtmpMessageType.Audio, StreamId, timestamp, head, body);

    /// <summary>Sends an FLV video tag body, in two pieces.</summary>
    public void SendVideo(uint timestamp, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body) =>
        Writer.Write(VideoChunks, RtmpMessageType.Video, StreamId, timestamp, head, body);

    /// <summary>Sends a data message, AMF 0: as a rule @setDataFrame, onMetaData and an ECMA array.</summary>
    public void SendData(uint timestamp, ReadOnlySpan<byte> body) =>
        Writer.Write(DataChunks, RtmpMessageType.DataAmf0, StreamId, timestamp, body);

    /// <summary>Ends the publication as encoders do.</summary>
    public void Stop()
    {
        Call("FCUnpublish", AskCall + 1).Null().String(_name);
        SendCommand(0);
        Call("deleteStream", AskCall + 2).Null().Number(StreamId);
        SendCommand(0);
        State = RtmpClientState.Ended;
    }

    private protected override void Describe(Amf0Writer connect) =>
        connect.Property("type", "nonprivate").Property("flashVer", "FMLE/3.0 (compatible; Tributary)");

    private protected override void Announce()
    {
        Call("releaseStream", 2).Null().String(_name);
        SendCommand(0);
        Call("FCPublish", 3).Null().String(_name);
        SendCommand(0);
    }

    private protected override void Ask()
    {
        Call("publish", AskCall).Null().String(_name).String("live");
        SendCommand(StreamId);
    }

    private protected override void OnStatus(string code)
    {
        if (State == RtmpClientState.Asking && code == "NetStream.Publish.Start")
        {
            State = RtmpClientState.OnAir;
        }
    }
}
