using System.Buffers;
using System.Text;
using Tributary.Media.Frames;
using Tributary.Protocols.Rtmp;

namespace Tributary.Unit.Rtmp;

/// <summary>The playing client against a server whose every byte the test decides.</summary>
public sealed class RtmpPlayClientTests : IDisposable
{
    readonly FramePool _pool = new() { Poison = true };
    readonly ArrayBufferWriter<byte> _sent = new();
    readonly ArrayBufferWriter<byte> _server = new();
    readonly List<(RtmpMessageKind Kind, uint Time, string Body)> _messages = [];
    readonly FrameArena _arena;
    readonly RtmpPlayClient _client;
    readonly RtmpChunkWriter _chunks;
    byte[] _unread = [];

    public RtmpPlayClientTests()
    {
        _arena = new FrameArena(_pool);
        _client = new RtmpPlayClient(
            _sent, _arena, new RtmpClientOptions { App = "live", TcUrl = "rtmp://host/live", StreamName = "cam?token=S3CRET" }, new Random(1));
        _chunks = new RtmpChunkWriter(_server);
    }

    public void Dispose()
    {
        _client.Dispose();
        _arena.Dispose();
        Assert.Equal(0, _pool.SlabsInUse);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    [InlineData(7)]
    public void A_stream_is_asked_for_and_its_messages_come_out(int pieces)
    {
        Connect(pieces);
        Assert.Equal(RtmpClientState.Asking, _client.State);
        Assert.Contains("S3CRET", Encoding.Latin1.GetString(_sent.WrittenSpan), StringComparison.Ordinal);   // to the server, whose it is

        Status("NetStream.Play.Reset");
        Status("NetStream.Play.Start");
        _chunks.Write(5, RtmpMessageType.DataAmf0, 1, 0, "meta"u8);
        _chunks.Write(6, RtmpMessageType.Video, 1, 40, "picture"u8);
        _chunks.Write(4, RtmpMessageType.Audio, 1, 41, "sound"u8);
        _chunks.Write(4, RtmpMessageType.Audio, 9, 42, "another stream's"u8);
        Flush(pieces);

        Assert.Equal(RtmpClientState.OnAir, _client.State);
        Assert.Equal([(RtmpMessageKind.Data, 0u, "meta"), (RtmpMessageKind.Video, 40u, "picture"), (RtmpMessageKind.Audio, 41u, "sound")], _messages);
        Assert.Equal(1, _client.StrayMessages);
    }

    [Fact]
    public void Aggregates_come_out_in_parts()
    {
        Connect();
        // Two FLV tags of 1 byte: audio at 1,000 ms and video at 1,040 ms, in an aggregate of time 5,000 (§7.1.6).
        _chunks.Write(6, RtmpMessageType.Aggregate, 1, 5_000, Wire.Hex("08 000001 0003E8 00 000000 AA 0000000C 09 000001 000410 00 000000 BB 0000000C"));
        Flush();
        Assert.Equal([(RtmpMessageKind.Audio, 5_000u, "\u00AA"), (RtmpMessageKind.Video, 5_040u, "\u00BB")], _messages);
    }

    [Theory]
    [InlineData("NetStream.Play.UnpublishNotify")]
    [InlineData("NetStream.Play.Stop")]
    public void The_end_of_the_stream_ends_the_session(string code)
    {
        Connect();
        Status("NetStream.Play.Start");
        Status(code);
        Flush();
        Assert.Equal((RtmpClientState.Ended, RtmpEnd.StreamEnded), (_client.State, _client.End));
    }

    [Fact]
    public void The_end_of_the_stream_may_come_as_user_control()
    {
        Connect();
        Status("NetStream.Play.Start");
        _chunks.Write(2, RtmpMessageType.UserControl, 0, 0, [0, 1, 0, 0, 0, 1]);
        Flush();
        Assert.Equal(RtmpEnd.StreamEnded, _client.End);
    }

    [Fact]
    public void A_refusal_is_told_in_the_servers_words()
    {
        Connect();
        Status("NetStream.Play.StreamNotFound", "error", "No such stream.");
        Flush();
        Assert.Equal((RtmpClientState.Ended, "NetStream.Play.StreamNotFound: No such stream."), (_client.State, _client.Refusal));
    }

    [Fact]
    public void Pings_are_answered()
    {
        Connect();
        _sent.ResetWrittenCount();
        _chunks.Write(2, RtmpMessageType.UserControl, 0, 0, [0, 6, 1, 2, 3, 4]);
        Flush();
        Assert.EndsWith("000701020304", Convert.ToHexString(_sent.WrittenSpan), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rtmp://media.example/live/cam", "media.example", 1935, "live", "cam", "rtmp://media.example:1935/live/cam")]
    [InlineData("rtmps://media.example/a/b/cam?k=1", "media.example", 443, "a/b", "cam?k=1", "rtmps://media.example:443/a/b/cam")]
    [InlineData("rtmp://[2001:db8::1]:1940/live/cam", "2001:db8::1", 1940, "live", "cam", "rtmp://[2001:db8::1]:1940/live/cam")]
    public void A_url_is_read_and_shown_without_its_query(string text, string host, int port, string app, string name, string shown)
    {
        Assert.True(RtmpPlayUrl.TryParse(text, out var url, out _));
        Assert.Equal((host, port, app, name, shown), (url.Host, url.Port, url.App, url.Name, url.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://media.example/live/cam")]
    [InlineData("rtmp://media.example/cam")]
    [InlineData("rtmp://media.example/live/")]
    [InlineData("rtmp:///live/cam")]
    [InlineData("rtmp://media.example/live/c am")]
    [InlineData("rtmp://user:S3CRET@media.example/live/cam")]
    public void What_is_no_source_is_refused_without_repeating_it(string text)
    {
        Assert.False(RtmpPlayUrl.TryParse(text, out _, out var sentence));
        Assert.NotEmpty(sentence);
        Assert.DoesNotContain("S3CRET", sentence, StringComparison.Ordinal);
    }

    void Connect(int pieces = int.MaxValue)
    {
        _client.Start();
        Feed([3, .. new byte[2 * 1536]], pieces);
        _chunks.Write(3, RtmpMessageType.CommandAmf0, 0, 0, Wire.Amf(amf => amf.String("_result").Number(1).BeginObject().End().BeginObject().End()));
        Flush(pieces);
        _chunks.Write(3, RtmpMessageType.CommandAmf0, 0, 0, Wire.Amf(amf => amf.String("_result").Number(4).Null().Number(1)));
        Flush(pieces);
    }

    void Status(string code, string level = "status", string description = "") => _chunks.Write(5, RtmpMessageType.CommandAmf0, 1, 0, Wire.Amf(
        amf => amf.String("onStatus").Number(0).Null().BeginObject()
            .Property("level", level).Property("code", code).Property("description", description).End()));

    void Flush(int pieces = int.MaxValue)
    {
        var bytes = _server.WrittenSpan.ToArray();
        _server.ResetWrittenCount();
        Feed(bytes, pieces);
    }

    void Feed(byte[] bytes, int pieces)
    {
        foreach (var piece in bytes.Chunk(Math.Min(pieces, bytes.Length)))
        {
            byte[] all = [.. _unread, .. piece];
            var buffer = new ReadOnlySequence<byte>(all);
            while (_client.TryRead(ref buffer, out var message))
            {
                _messages.Add((message.Kind, message.Timestamp, Encoding.Latin1.GetString(message.Payload.Span)));
                message.Payload.Release();
            }

            _unread = buffer.ToArray();
        }
    }
}
