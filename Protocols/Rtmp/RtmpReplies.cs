using System.Buffers;
using System.Buffers.Binary;
using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Rtmp;

/// <summary>What a server says, in the words that encoders look for (RTMP 1.0 §7.2, and what peers do beyond it).</summary>
sealed class RtmpReplies(IBufferWriter<byte> output)
{
    /// <summary>Chunk streams as other servers use them: 2 control, 3 connection, 5 streams.</summary>
    const int ControlChunks = 2, ConnectionChunks = 3, StreamChunks = 5;

    const ushort StreamBegin = 0, StreamEof = 1, PingRequest = 6, PingResponse = 7;

    /// <summary>The bit of capsEx for requests to connect elsewhere.</summary>
    public const int Reconnect = 0x01;

    /// <summary>capsEx of enhanced RTMP: players are asked to connect elsewhere, multitrack and ModEx are understood; nanoseconds are not.</summary>
    const int Capabilities = Reconnect | 0x02 | 0x04;

    const int CanForward = 0x04;

    static readonly string[] VideoFourCcs = ["avc1", "hvc1", "av01", "vp09", "vp08"];
    static readonly string[] AudioFourCcs = ["mp4a", "Opus", "ac-3", "ec-3", "fLaC", ".mp3"];

    readonly RtmpChunkWriter _chunks = new(output);
    readonly ArrayBufferWriter<byte> _body = new(512);

    public void WindowSizes(int windowBytes, int chunkSize)
    {
        _chunks.WriteControl(RtmpMessageType.WindowAcknowledgementSize, (uint)windowBytes);

        Span<byte> bandwidth = stackalloc byte[5];
        BinaryPrimitives.WriteUInt32BigEndian(bandwidth, (uint)windowBytes);
        bandwidth[4] = 2;   // dynamic (§5.4.5)
        _chunks.Write(ControlChunks, RtmpMessageType.SetPeerBandwidth, 0, 0, bandwidth);
        _chunks.SetChunkSize(chunkSize);
    }

    public void Acknowledge(uint sequence) => _chunks.WriteControl(RtmpMessageType.Acknowledgement, sequence);

    public void Ping(uint sign) => UserControl(PingRequest, sign);

    public void Pong(uint time) => UserControl(PingResponse, time);

    public void Connected(double transaction, bool enhanced)
    {
        var amf = Begin("_result", transaction).BeginObject()
            .Property("fmsVer", "FMS/3,0,1,123")
            .Property("capabilities", 31)
            .Property("mode", 1);
        if (enhanced)
        {
            WriteEnhanced(amf);
        }

        amf.End();
        Status(amf, "status", "NetConnection.Connect.Success", "Connection succeeded.", objectEncoding: true);
        SendOnConnection();
    }

    public void StreamCreated(double transaction, uint streamId)
    {
        Begin("_result", transaction).Null().Number(streamId);
        SendOnConnection();
    }

    /// <summary>The empty success of calls whose answer nobody reads, but some wait for.</summary>
    public void Done(double transaction)
    {
        Begin("_result", transaction).Null().Undefined();
        SendOnConnection();
    }

    public void StreamLength(double transaction)
    {
        Begin("_result", transaction).Null().Number(0);
        SendOnConnection();
    }

    public void Unknown(double transaction, string name)
    {
        Status(Begin("_error", transaction).Null(), "error", "NetConnection.Call.Failed", $"This server has no {Shown(name)}.");
        SendOnConnection();
    }

    /// <summary>onFCPublish and onFCUnpublish: Flash Media Live Encoder and its descendants wait for them.</summary>
    public void FcNotice(string name, string code, string streamName)
    {
        Status(Begin(name, 0).Null(), "status", code, Shown(streamName));
        SendOnConnection();
    }

    public void PublishStarted(uint streamId, string description)
    {
        UserControl(StreamBegin, streamId);
        OnStatus(streamId, "status", "NetStream.Publish.Start", description);
    }

    /// <summary>Players wait for the begin of the stream and for the start of the play; the reset and the access rights are for old ones.</summary>
    public void PlayStarted(uint streamId, int chunkSize)
    {
        _chunks.SetChunkSize(chunkSize);
        UserControl(StreamBegin, streamId);
        OnStatus(streamId, "status", "NetStream.Play.Reset", "Playing and resetting.");
        OnStatus(streamId, "status", "NetStream.Play.Start", "Playing.");
        _body.ResetWrittenCount();
        new Amf0Writer(_body).String("|RtmpSampleAccess").Boolean(true).Boolean(true);
        _chunks.Write(StreamChunks, RtmpMessageType.DataAmf0, streamId, 0, _body.WrittenSpan);
    }

    /// <summary>A word to the connection, not to a stream (enhanced RTMP v2, "Reconnect Request").</summary>
    public void AskToReconnect(string tcUrl)
    {
        Begin("onStatus", 0).Null().BeginObject().Property("level", "status").Property("code", "NetConnection.Connect.ReconnectRequest")
            .Property("description", "This server is being shut down.").Property("tcUrl", tcUrl).End();
        SendOnConnection();
    }

    public void PlayStopped(uint streamId)
    {
        UserControl(StreamEof, streamId);
        OnStatus(streamId, "status", "NetStream.Play.UnpublishNotify", "The stream is over.");
    }

    public void Unpublished(uint streamId) => OnStatus(streamId, "status", "NetStream.Unpublish.Success", "Stopped publishing.");

    public void OnStatus(uint streamId, string level, string code, string description, string redirect = "")
    {
        Status(Begin("onStatus", 0).Null(), level, code, description, redirect: redirect);
        _chunks.Write(StreamChunks, RtmpMessageType.CommandAmf0, streamId, 0, _body.WrittenSpan);
    }

    Amf0Writer Begin(string name, double transaction)
    {
        _body.ResetWrittenCount();
        return new Amf0Writer(_body).String(name).Number(transaction);
    }

    static void Status(Amf0Writer amf, string level, string code, string description, bool objectEncoding = false, string redirect = "")
    {
        amf.BeginObject().Property("level", level).Property("code", code).Property("description", description);
        if (objectEncoding)
        {
            amf.Property("objectEncoding", 0);
        }

        if (redirect.Length > 0)
        {
            amf.Name("ex").BeginObject().Property("code", 302).Property("redirect", redirect).End();
        }

        amf.End();
    }

    // The answer to fourCcList, videoFourCcInfoMap and capsEx (enhanced RTMP v2, "Enhancing NetConnection connect Command").
    static void WriteEnhanced(Amf0Writer amf)
    {
        amf.Name("fourCcList").BeginStrictArray(VideoFourCcs.Length + AudioFourCcs.Length);
        foreach (var fourCc in VideoFourCcs.Concat(AudioFourCcs))
        {
            amf.String(fourCc);
        }

        WriteMap(amf.Name("videoFourCcInfoMap"), VideoFourCcs);
        WriteMap(amf.Name("audioFourCcInfoMap"), AudioFourCcs);
        amf.Property("capsEx", Capabilities);
    }

    static void WriteMap(Amf0Writer amf, string[] fourCcs)
    {
        amf.BeginObject();
        foreach (var fourCc in fourCcs)
        {
            amf.Property(fourCc, CanForward);
        }

        amf.End();
    }

    void SendOnConnection() => _chunks.Write(ConnectionChunks, RtmpMessageType.CommandAmf0, 0, 0, _body.WrittenSpan);

    void UserControl(ushort type, uint value)
    {
        Span<byte> body = stackalloc byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(body, type);
        BinaryPrimitives.WriteUInt32BigEndian(body[2..], value);
        _chunks.Write(ControlChunks, RtmpMessageType.UserControl, 0, 0, body);
    }

    static string Shown(string text) => text.Length <= 128 ? text : text[..128];
}
