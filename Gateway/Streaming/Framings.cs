using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Flv;
using Tributary.Protocols.Rtmp;
using Tributary.Protocols.WebSockets;

namespace Tributary.Gateway.Streaming;

/// <summary>FLV: each tag has its time, so each viewer has heads of its own before bodies that all share.</summary>
sealed class FlvFraming(byte[] responseHead) : IViewerFraming
{
    bool _begun;

    public int LongestHead => FlvTagWriter.HeadLength;

    public void Begin(IBufferWriter<byte> output, Announcement announcement, ref ViewerPosition position, uint time)
    {
        if (!_begun)
        {
            _begun = true;
            output.Write(responseHead);
            output.Write(FlvTagWriter.FileHeader(announcement.Video is not null, announcement.Audio is not null));
        }

        output.Write(FlvTagWriter.Tag(FlvTag.Script, announcement.Metadata, time));
        Write(output, FlvTag.Video, announcement.VideoConfiguration, time);
        Write(output, FlvTag.Audio, announcement.AudioConfiguration, time);
    }

    public int WriteHead(in MuxedFrame frame, long time, long lastTime, bool continues, Span<byte> head, out int replaced)
    {
        FlvTagWriter.WriteHead(head, frame.Kind == TrackKind.Video ? FlvTag.Video : FlvTag.Audio, frame.BodyLength, (uint)time);
        replaced = FlvTagWriter.HeadLength;
        return FlvTagWriter.HeadLength;
    }

    public void End(IBufferWriter<byte> output, Announcement announcement, ViewerEnd reason, uint time)
    {
        if (announcement.Video is { } video)
        {
            Write(output, FlvTag.Video, FlvFromFrames.EndOfPictures(video), time);
        }
    }

    static void Write(IBufferWriter<byte> output, byte type, byte[] configuration, uint time)
    {
        if (configuration.Length > 0)
        {
            output.Write(FlvTagWriter.Tag(type, configuration, time));
        }
    }
}

/// <summary>Transport stream packets as they are.</summary>
sealed class TsFraming(byte[] responseHead) : IViewerFraming
{
    bool _begun;

    public int LongestHead => 0;

    public void Begin(IBufferWriter<byte> output, Announcement announcement, ref ViewerPosition position, uint time)
    {
        if (!_begun)
        {
            _begun = true;
            output.Write(responseHead);
        }
    }

    public int WriteHead(in MuxedFrame frame, long time, long lastTime, bool continues, Span<byte> head, out int replaced)
    {
        replaced = 0;
        return 0;
    }

    public void End(IBufferWriter<byte> output, Announcement announcement, ViewerEnd reason, uint time)
    {
        // Packets have no end; the connection's is enough.
    }
}

/// <summary>RTMP: who has the message before goes on with the shared header, others get one of their own.</summary>
sealed class RtmpFraming(uint streamId) : IViewerFraming
{
    bool _begun;

    public int LongestHead => RtmpPlayChunks.LongestHead;

    public void Begin(IBufferWriter<byte> output, Announcement announcement, ref ViewerPosition position, uint time)
    {
        if (!_begun)
        {
            _begun = true;
            output.Write(RtmpPlayChunks.First(RtmpMessageType.DataAmf0, announcement.Metadata, streamId, time));
        }

        position.LastVideoTime = Configure(output, RtmpMessageType.Video, announcement.VideoConfiguration, position.LastVideoTime, time);
        position.LastAudioTime = Configure(output, RtmpMessageType.Audio, announcement.AudioConfiguration, position.LastAudioTime, time);
    }

    public int WriteHead(in MuxedFrame frame, long time, long lastTime, bool continues, Span<byte> head, out int replaced)
    {
        if (continues)
        {
            replaced = 0;
            return 0;
        }

        replaced = RtmpPlayChunks.HeadLength;
        var type = RtmpMuxer.TypeOf(frame.Kind);
        return lastTime < 0
            ? RtmpPlayChunks.WriteFirst(head, type, frame.BodyLength, streamId, (uint)time)
            : RtmpPlayChunks.WriteNext(head, type, frame.BodyLength, time - lastTime);
    }

    public void End(IBufferWriter<byte> output, Announcement announcement, ViewerEnd reason, uint time)
    {
        // The session says it.
    }

    long Configure(IBufferWriter<byte> output, RtmpMessageType type, byte[] configuration, long lastTime, uint time)
    {
        if (configuration.Length == 0)
        {
            return lastTime;
        }

        output.Write(lastTime < 0
            ? RtmpPlayChunks.First(type, configuration, streamId, time)
            : RtmpPlayChunks.Next(type, configuration, time - lastTime));
        return time;
    }
}

/// <summary>Each frame of another framing as one binary message of a WebSocket (RFC 6455 §5.6).</summary>
sealed class WebSocketFraming(IViewerFraming inner, byte[] responseHead) : IViewerFraming
{
    const int NormalClosure = 1000, GoingAway = 1001, PolicyViolation = 1008;

    bool _begun;

    public int LongestHead => WebSocketFrames.LongestHead + inner.LongestHead;

    public void Begin(IBufferWriter<byte> output, Announcement announcement, ref ViewerPosition position, uint time)
    {
        if (!_begun)
        {
            _begun = true;
            output.Write(responseHead);
        }

        var message = new ArrayBufferWriter<byte>(1024);
        inner.Begin(message, announcement, ref position, time);
        if (message.WrittenCount > 0)
        {
            output.Write(WebSocketFrames.Frame(WebSocketOpcode.Binary, message.WrittenSpan));
        }
    }

    public int WriteHead(in MuxedFrame frame, long time, long lastTime, bool continues, Span<byte> head, out int replaced)
    {
        Span<byte> within = stackalloc byte[32];
        var used = inner.WriteHead(frame, time, lastTime, continues, within, out replaced);
        var own = WebSocketFrames.WriteHead(head, WebSocketOpcode.Binary, used + frame.Bytes.Length - replaced);
        within[..used].CopyTo(head[own..]);
        return own + used;
    }

    public void End(IBufferWriter<byte> output, Announcement announcement, ViewerEnd reason, uint time)
    {
        var message = new ArrayBufferWriter<byte>(64);
        inner.End(message, announcement, reason, time);
        if (message.WrittenCount > 0)
        {
            output.Write(WebSocketFrames.Frame(WebSocketOpcode.Binary, message.WrittenSpan));
        }

        // RFC 6455 §7.4.1.
        int status = reason switch { ViewerEnd.OffAir => NormalClosure, ViewerEnd.Expired => PolicyViolation, _ => GoingAway };
        output.Write(WebSocketFrames.Frame(WebSocketOpcode.Close, [(byte)(status >> 8), (byte)status]));
    }
}
