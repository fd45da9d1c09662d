using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;
using Tributary.Protocols.Rtmp;

namespace Tributary.Unit.Rtmp;

public sealed class RtmpSessionTests
{
    [Fact]
    public void An_encoder_gets_on_the_air_as_ffmpeg_and_obs_do_it()
    {
        using var peer = new ScriptedPeer();
        peer.Handshake();
        peer.Connect();
        peer.Command(0, amf => amf.String("releaseStream").Number(2).Null().String("a?key=s"));
        peer.Command(0, amf => amf.String("FCPublish").Number(3).Null().String("a?key=s"));
        peer.Command(0, amf => amf.String("createStream").Number(4).Null());
        peer.Command(0, amf => amf.String("_checkbw").Number(5).Null());
        peer.Command(1, amf => amf.String("publish").Number(6).Null().String("a?key=s").String("live"));

        Assert.Equal(
            [
                "_result 1 NetConnection.Connect.Success", "_result 2", "_result 3", "onFCPublish 0 NetStream.Publish.Start", "_result 4 1",
                "_result 5", "onStatus 0 NetStream.Publish.Start",
            ],
            peer.ReplyCommands());
        Assert.Equal(
            [RtmpMessageType.WindowAcknowledgementSize, RtmpMessageType.SetPeerBandwidth, RtmpMessageType.SetChunkSize],
            peer.ReplyMessages().Take(3).Select(m => m.Type));
        var request = Assert.Single(peer.Requests);
        Assert.Equal(("live", "rtmp://host/live", "a?key=s"), (request.Connect.App, request.Connect.TcUrl, request.StreamName));

        // The key is in the name; what goes back and may be shown does not repeat it.
        Assert.DoesNotContain("key=s", System.Text.Encoding.Latin1.GetString(peer.Replies), StringComparison.Ordinal);
    }

    [Fact]
    public void An_encoder_whose_stream_begins_later_is_told_so()
    {
        using var peer = new ScriptedPeer { Acceptance = "It begins when the database is back." };
        peer.Handshake();
        peer.Connect();
        peer.Publish();
        Assert.Equal("onStatus 0 NetStream.Publish.Start", peer.ReplyCommands()[^1]);
        Assert.Contains("It begins when the database is back.", System.Text.Encoding.Latin1.GetString(peer.Replies), StringComparison.Ordinal);
    }

    [Fact]
    public void Media_comes_through_between_publish_and_delete_only()
    {
        using var peer = new ScriptedPeer();
        peer.Handshake();
        peer.Connect();
        peer.Chunks.Write(6, RtmpMessageType.Video, 1, 10, [1, 2, 3]);
        peer.Publish();
        peer.Chunks.Write(6, RtmpMessageType.Video, 1, 20, [4, 5, 6]);
        peer.Chunks.Write(4, RtmpMessageType.Audio, 1, 21, [7]);
        peer.Chunks.Write(4, RtmpMessageType.Audio, 9, 22, [8]);   // a stream that nobody publishes
        peer.Chunks.Write(5, RtmpMessageType.DataAmf0, 1, 23, [9]);
        peer.Chunks.Write(5, RtmpMessageType.DataAmf3, 1, 24, [0, 10]);
        peer.Command(0, amf => amf.String("deleteStream").Number(7).Null().Number(1));
        peer.Chunks.Write(6, RtmpMessageType.Video, 1, 30, [11]);
        peer.Flush();

        Assert.Equal(
            [
                (RtmpMessageKind.Publish, 0u, ""), (RtmpMessageKind.Video, 20u, "040506"), (RtmpMessageKind.Audio, 21u, "07"),
                (RtmpMessageKind.Data, 23u, "09"), (RtmpMessageKind.Data, 24u, "0A"), (RtmpMessageKind.EndPublish, 0u, ""),
            ],
            peer.Messages.Select(m => (m.Kind, m.Timestamp, Convert.ToHexString(m.Payload))));
        Assert.Equal(3, peer.Session.StrayMessages);
        Assert.Equal("onStatus 0 NetStream.Unpublish.Success", peer.ReplyCommands()[^1]);
        Assert.Equal(RtmpEnd.None, peer.Session.End);
    }

    [Fact]
    public void A_connection_may_publish_again_after_it_stopped()
    {
        using var peer = ScriptedPeer.OnAir();
        peer.Command(1, amf => amf.String("closeStream").Number(0).Null());
        peer.Publish("b");
        Assert.Equal(["a", "b"], peer.Requests.Select(r => r.StreamName));
        Assert.True(peer.Session.IsPublishing);
    }

    [Fact]
    public void A_refused_publisher_is_told_why()
    {
        using var peer = new ScriptedPeer { Refusal = _ => "The stream is taken." };
        peer.Handshake();
        peer.Connect();
        peer.Publish();
        Assert.Equal(RtmpEnd.PublishRefused, peer.Session.End);
        Assert.Equal("onStatus 0 NetStream.Publish.BadName", peer.ReplyCommands()[^1]);
        Assert.Contains("The stream is taken.", System.Text.Encoding.Latin1.GetString(peer.Replies), StringComparison.Ordinal);
    }

    [Fact]
    public void A_player_is_turned_away_politely()
    {
        using var peer = new ScriptedPeer();
        peer.Handshake();
        peer.Connect();
        peer.Command(0, amf => amf.String("createStream").Number(2).Null());
        peer.Command(1, amf => amf.String("play").Number(0).Null().String("a"));
        Assert.Equal(RtmpMessageKind.Play, peer.Messages[^1].Kind);
        peer.Session.RefusePlay("NetStream.Play.Failed", "There is nothing to play.");
        Assert.Equal("onStatus 0 NetStream.Play.Failed", peer.ReplyCommands()[^1]);
        Assert.Equal(RtmpEnd.PlayRefused, peer.Session.End);
    }

    [Fact]
    public void A_play_is_announced_answered_and_ended()
    {
        using var peer = new ScriptedPeer();
        peer.Handshake();
        peer.Connect();
        peer.Command(0, amf => amf.String("createStream").Number(2).Null());
        peer.Command(1, amf => amf.String("play").Number(0).Null().String("studio?token=x"));
        peer.Session.AcceptPlay();
        Assert.True(peer.Session.IsPlaying);
        Assert.Equal(["onStatus 0 NetStream.Play.Reset", "onStatus 0 NetStream.Play.Start"], peer.ReplyCommands()[^2..]);
        peer.Command(0, amf => amf.String("deleteStream").Number(0).Null().Number(1));
        Assert.Equal(RtmpMessageKind.EndPlay, peer.Messages[^1].Kind);
        Assert.False(peer.Session.IsPlaying);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(6, false)]
    [InlineData(double.NaN, false)]
    public void A_player_that_can_follow_is_told_where_its_stream_goes_on(double capabilities, bool follows)
    {
        using var peer = new ScriptedPeer();
        peer.Handshake();
        peer.Command(0, amf => amf.String("connect").Number(1).BeginObject().Property("app", "live").Property("capsEx", capabilities).End());
        peer.Command(0, amf => amf.String("createStream").Number(2).Null());
        peer.Command(1, amf => amf.String("play").Number(0).Null().String("studio"));
        peer.Session.AcceptPlay();
        peer.Session.StopPlay("rtmp://gateway-2/live");
        var said = peer.ReplyCommands();
        Assert.Equal("onStatus 0 NetStream.Play.UnpublishNotify", said[^1]);
        Assert.Equal(follows, said.Contains("onStatus 0 NetConnection.Connect.ReconnectRequest"));
        Assert.Equal(follows, System.Text.Encoding.Latin1.GetString(peer.Replies).Contains("rtmp://gateway-2/live", StringComparison.Ordinal));
    }

    [Fact]
    public void Commands_in_amf3_messages_are_understood()
    {
        using var peer = new ScriptedPeer();
        peer.Handshake();
        byte[] body = [0, .. Wire.Amf(amf => amf.String("connect").Number(1).BeginObject().Property("app", "live").End())];
        peer.Chunks.Write(3, RtmpMessageType.CommandAmf3, 0, 0, body);
        peer.Flush();
        Assert.Equal("live", peer.Session.Connect?.App);
    }

    [Fact]
    public void Unknown_calls_are_answered_where_an_answer_is_expected()
    {
        using var peer = new ScriptedPeer();
        peer.Handshake();
        peer.Connect();
        peer.Command(0, amf => amf.String("makeTea").Number(9).Null());
        peer.Command(0, amf => amf.String("makeCoffee").Number(0).Null());
        Assert.Equal(["_error 9 NetConnection.Call.Failed"], peer.ReplyCommands()[1..]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Enhanced_rtmp_is_answered_where_it_was_announced(bool announced)
    {
        using var peer = new ScriptedPeer();
        peer.Handshake();
        peer.Command(0, amf =>
        {
            amf.String("connect").Number(1).BeginObject().Property("app", "live");
            if (announced)
            {
                amf.Name("fourCcList").BeginStrictArray(1).String("hvc1");
            }

            amf.End();
        });
        var (type, body) = peer.ReplyMessages()[^1];
        Assert.True(RtmpCommand.TryParse(type, body, AmfLimits.Default, out var result));
        Assert.Equal(announced, peer.Session.Connect!.Enhanced);
        Assert.Equal(announced ? 7 : 0, result.Object["capsEx"].Number);
        Assert.Equal(announced, result.Object["fourCcList"].Elements.Any(e => e.String == "hvc1"));
        Assert.Equal(announced ? 4 : 0, result.Object["videoFourCcInfoMap"]["av01"].Number);
        Assert.Equal(announced ? 4 : 0, result.Object["audioFourCcInfoMap"]["Opus"].Number);
    }

    [Fact]
    public void Pings_are_answered_and_received_bytes_acknowledged()
    {
        using var peer = ScriptedPeer.OnAir();
        peer.Chunks.WriteControl(RtmpMessageType.WindowAcknowledgementSize, 20_000);
        peer.Chunks.Write(2, RtmpMessageType.UserControl, 0, 0, Wire.Hex("0006 00001234"));
        peer.Chunks.Write(6, RtmpMessageType.Video, 1, 0, new byte[15_000]);
        peer.Flush();

        var replies = peer.ReplyMessages();
        Assert.Contains(replies, m => m.Type == RtmpMessageType.UserControl && Convert.ToHexString(m.Body) == "000700001234");
        var acknowledged = Assert.Single(replies, m => m.Type == RtmpMessageType.Acknowledgement);
        Assert.Equal(peer.Session.BytesRead, acknowledged.Body[2] << 8 | acknowledged.Body[3]);
    }

    [Fact]
    public void The_parts_of_an_aggregate_come_out_with_times_of_their_own()
    {
        using var peer = ScriptedPeer.OnAir();
        // Two FLV tags at 100 and 140 in an aggregate at 1000; then a plain message.
        peer.Chunks.Write(6, RtmpMessageType.Aggregate, 1, 1000, Wire.Hex(
            "09 000002 000064 00 000000 AABB 0000000D  08 000001 00008C 00 000000 CC 0000000C"));
        peer.Chunks.Write(6, RtmpMessageType.Video, 1, 1080, [0xDD]);
        peer.Flush();
        Assert.Equal(
            [(RtmpMessageKind.Video, 1000u, "AABB"), (RtmpMessageKind.Audio, 1040u, "CC"), (RtmpMessageKind.Video, 1080u, "DD")],
            peer.Messages.Skip(1).Select(m => (m.Kind, m.Timestamp, Convert.ToHexString(m.Payload))));
    }

    [Fact]
    public void The_publishing_client_gets_on_the_air_and_its_media_through()
    {
        foreach (var scheme in (int?[])[null, 0, 1])
        {
            using var peer = new ScriptedPeer();
            var output = new ArrayBufferWriter<byte>();
            using var arena = new FrameArena(peer.Pool);
            using var client = new RtmpPublishClient(
                output, arena, new() { App = "live", TcUrl = "rtmp://host/live", StreamName = "a", DigestScheme = scheme }, new Random(3));
            client.Start();
            var read = 0;
            for (var turn = 0; turn < 10 && client.State != RtmpClientState.OnAir; turn++)
            {
                peer.Feed(output.WrittenSpan.ToArray(), 1_000);
                output.Clear();
                var buffer = Wire.Sequence(peer.Replies[read..]);
                Assert.True(client.TryRead(ref buffer), client.End.Sentence());
                read = peer.Replies.Length - (int)buffer.Length;
            }

            Assert.Equal(RtmpClientState.OnAir, client.State);
            Assert.Equal(scheme is not null, peer.Session.HandshakeSigned);
            Assert.Equal(7, client.ServerProperties["capsEx"].Number);

            client.SendVideo(40, [0x17, 1], Wire.Numbered(100_000));
            client.SendAudio(41, [], [1]);
            client.Stop();
            peer.Feed(output.WrittenSpan.ToArray());
            Assert.Equal(
                [RtmpMessageKind.Publish, RtmpMessageKind.Video, RtmpMessageKind.Audio, RtmpMessageKind.EndPublish], peer.Messages.Select(m => m.Kind));
            Assert.Equal([0x17, 1, .. Wire.Numbered(100_000)], peer.Messages[1].Payload);
        }
    }

    [Fact]
    public void The_publishing_client_tells_why_it_was_refused()
    {
        using var peer = new ScriptedPeer { Refusal = _ => "Wrong key." };
        var output = new ArrayBufferWriter<byte>();
        using var arena = new FrameArena(peer.Pool);
        using var client = new RtmpPublishClient(output, arena, new() { App = "live", TcUrl = "t", StreamName = "a" }, new Random(3));
        client.Start();
        var read = 0;
        for (var turn = 0; turn < 10 && client.State != RtmpClientState.Ended; turn++)
        {
            peer.Feed(output.WrittenSpan.ToArray());
            output.Clear();
            var buffer = Wire.Sequence(peer.Replies[read..]);
            client.TryRead(ref buffer);
            read = peer.Replies.Length - (int)buffer.Length;
        }

        Assert.Equal(RtmpEnd.PublishRefused, client.End);
        Assert.Equal("NetStream.Publish.BadName: Wrong key.", client.Refusal);
    }
}
