using Tributary.Protocols.Amf;
using Tributary.Protocols.Rtmp;

namespace Tributary.Unit.Rtmp;

/// <summary>What a stranger on the internet may send: each is refused with its own reason, and memory stays bounded.</summary>
public sealed class RtmpBadInputTests
{
    [Theory]
    [InlineData("00000000")]
    [InlineData("80000000")]
    [InlineData("FFFFFFFF")]
    public void Impossible_chunk_sizes_are_refused(string size)
    {
        using var peer = ScriptedPeer.OnAir();
        peer.Chunks.Write(2, RtmpMessageType.SetChunkSize, 0, 0, Wire.Hex(size));
        peer.Flush();
        Assert.Equal(RtmpEnd.BadChunkSize, peer.Session.End);
    }

    [Fact]
    public void The_largest_legal_chunk_size_is_taken()
    {
        using var peer = ScriptedPeer.OnAir();
        peer.Chunks.SetChunkSize(0x7FFFFFFF);
        peer.Chunks.Write(6, RtmpMessageType.Video, 1, 0, new byte[300_000]);
        peer.Flush(10_000);
        Assert.Equal(300_000, peer.Messages[^1].Payload.Length);
    }

    [Fact]
    public void Many_half_open_chunk_streams_end_the_session_with_little_held()
    {
        using var peer = ScriptedPeer.OnAir();
        var bytes = Enumerable.Range(64, 65_535).SelectMany(id => (byte[])
            [1, (byte)(id - 64), (byte)((id - 64) >> 8), .. Wire.Hex("000000 000100 09 01000000"), .. new byte[128]]).ToArray();
        peer.Feed(bytes, 100_000);
        Assert.Equal(RtmpEnd.TooManyChunkStreams, peer.Session.End);
        Assert.InRange(peer.Session.PendingBytes, 1, 64 * 256);
        Assert.InRange(peer.Pool.BytesInUse, 1, 1_000_000);
    }

    [Fact]
    public void A_stranger_cannot_make_the_server_hold_large_messages()
    {
        using var peer = new ScriptedPeer();
        peer.Handshake();
        peer.Feed(Wire.Hex("03 000000 010001 14 00000000"));
        Assert.Equal(RtmpEnd.MessageTooLarge, peer.Session.End);
        Assert.Equal(0, peer.Pool.SlabsInUse);
    }

    [Fact]
    public void A_stranger_with_many_unfinished_commands_is_ended_before_they_cost_much()
    {
        using var peer = new ScriptedPeer();
        peer.Handshake();
        peer.Feed([.. Enumerable.Range(3, 60).SelectMany(id => (byte[])[(byte)id, .. Wire.Hex("000000 00FFFF 14 00000000"), .. new byte[128]])]);
        Assert.Equal(RtmpEnd.TooManyPendingBytes, peer.Session.End);
        Assert.InRange(peer.Session.PendingBytes, 1, 2 * RtmpLimits.Default.MaxCommandBytes);
        Assert.Equal(0, peer.Pool.SlabsInUse);
    }

    [Fact]
    public void Amf_bombs_are_refused()
    {
        foreach (var bomb in (byte[][])
                 [
                     [.. Enumerable.Repeat(Wire.Hex("03 0001 61"), 10_000).SelectMany(b => b)],
                     [.. Enumerable.Repeat(Wire.Hex("0A 00000002"), 10_000).SelectMany(b => b)],
                     Wire.Hex("0A FFFFFFFF"),
                     [.. Wire.Hex("08 00000001"), .. Enumerable.Repeat(Wire.Hex("0001 61 05"), 10_000).SelectMany(b => b), .. Wire.Hex("0000 09")],
                     Wire.Hex("0C FFFFFFFF"),
                 ])
        {
            using var peer = new ScriptedPeer();
            peer.Handshake();
            byte[] body = [.. Wire.Amf(amf => amf.String("connect").Number(1)), .. bomb];
            peer.Chunks.Write(3, RtmpMessageType.CommandAmf0, 0, 0, body);
            peer.Flush();
            Assert.Equal(RtmpEnd.BadCommand, peer.Session.End);
        }
    }

    [Fact]
    public void Commands_before_connect_and_second_connects_are_refused()
    {
        using var early = new ScriptedPeer();
        early.Handshake();
        early.Publish();
        Assert.Equal(RtmpEnd.NotConnected, early.Session.End);

        using var twice = new ScriptedPeer();
        twice.Handshake();
        twice.Connect();
        twice.Connect();
        Assert.Equal(RtmpEnd.OutOfOrder, twice.Session.End);
    }

    [Fact]
    public void A_second_publish_on_a_connection_is_refused()
    {
        using var peer = ScriptedPeer.OnAir();
        peer.Publish("b");
        Assert.Equal(RtmpEnd.OutOfOrder, peer.Session.End);
        Assert.Single(peer.Requests);
    }

    [Fact]
    public void Endless_talk_is_ended()
    {
        using var peer = new ScriptedPeer(new RtmpLimits { MaxCommands = 20, MaxMessageStreams = 4 });
        peer.Handshake();
        peer.Connect();
        for (var i = 0; i < 30; i++)
        {
            peer.Command(0, amf => amf.String("getStreamLength").Number(2).Null());
        }

        Assert.Equal(RtmpEnd.TooManyCommands, peer.Session.End);

        using var streams = new ScriptedPeer(new RtmpLimits { MaxMessageStreams = 4 });
        streams.Handshake();
        streams.Connect();
        for (var i = 0; i < 5; i++)
        {
            streams.Command(0, amf => amf.String("createStream").Number(2).Null());
        }

        Assert.Equal(RtmpEnd.TooManyMessageStreams, streams.Session.End);
    }

    [Theory]
    [InlineData("09 0000FF 000064 00 000000 AABB")]          // longer than the aggregate
    [InlineData("09 000002 000064 00")]                       // cut within a header
    [InlineData("16 000000 000064 00 000000 0000000B")]       // an aggregate within an aggregate
    public void Aggregates_that_lie_are_refused(string hex)
    {
        using var peer = ScriptedPeer.OnAir();
        peer.Chunks.Write(6, RtmpMessageType.Aggregate, 1, 0, Wire.Hex(hex));
        peer.Flush();
        Assert.Equal(RtmpEnd.BadAggregate, peer.Session.End);
    }

    [Fact]
    public void Short_control_messages_are_refused()
    {
        using var peer = ScriptedPeer.OnAir();
        peer.Chunks.Write(2, RtmpMessageType.SetChunkSize, 0, 0, [0, 1]);
        peer.Flush();
        Assert.Equal(RtmpEnd.BadControlMessage, peer.Session.End);
    }

    [Fact]
    public void Random_bytes_never_throw_and_leave_nothing_behind()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(1, 5_000)];
            random.NextBytes(bytes);
            using var peer = seed % 2 == 0 ? new ScriptedPeer() : ScriptedPeer.OnAir();
            if (seed % 4 == 0)
            {
                bytes[0] = 3;
            }

            peer.Feed(bytes, random.Next(1, 500));
        }
    }

    [Fact]
    public void Every_reason_has_a_sentence_of_its_own()
    {
        var sentences = Enum.GetValues<RtmpEnd>().Select(end => end.Sentence()).ToList();
        Assert.Equal(sentences.Count, sentences.Distinct().Count());
        Assert.All(sentences, sentence => Assert.EndsWith(".", sentence, StringComparison.Ordinal));
        Assert.DoesNotContain("The session ended.", sentences);
    }

    [Fact]
    public void An_accepted_publish_needs_a_request()
    {
        using var peer = new ScriptedPeer();
        Assert.Throws<InvalidOperationException>(() => peer.Session.AcceptPublish());
        Assert.Equal(AmfKind.Null, AmfValue.Null.Kind);
    }
}
