using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Rtmp;

namespace Tributary.Unit.Rtmp;

public sealed class RtmpHandshakeTests
{
    [Fact]
    public void A_plain_client_gets_its_own_bytes_back()
    {
        var output = new ArrayBufferWriter<byte>();
        var handshake = new RtmpServerHandshake(output, new Random(1));
        byte[] c1 = [0, 0, 0, 9, 0, 0, 0, 0, .. Wire.Numbered(1528)];
        var buffer = Wire.Sequence([3, .. c1]);

        Assert.True(handshake.TryRead(ref buffer));
        Assert.True(buffer.IsEmpty);
        Assert.Equal(1 + 2 * 1536, output.WrittenCount);
        Assert.Equal(3, output.WrittenSpan[0]);
        Assert.Equal(new byte[8], output.WrittenSpan.Slice(1, 8).ToArray());
        Assert.Equal(c1, output.WrittenSpan[1537..].ToArray());
        Assert.False(handshake.IsDone);
        Assert.False(handshake.IsSigned);

        buffer = Wire.Sequence([.. new byte[1536], 0x42]);
        Assert.True(handshake.TryRead(ref buffer));
        Assert.True(handshake.IsDone);
        Assert.Equal(1, buffer.Length);   // what follows C2 belongs to the chunks
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_signed_client_finds_the_answer_it_checks_for(int scheme)
    {
        var toServer = new ArrayBufferWriter<byte>();
        var toClient = new ArrayBufferWriter<byte>();
        var server = new RtmpServerHandshake(toClient, new Random(1));
        var client = new RtmpClientHandshake(toServer, new Random(2), scheme);

        client.Start();
        var buffer = Wire.Sequence(toServer.WrittenSpan.ToArray());
        Assert.True(server.TryRead(ref buffer));
        Assert.True(server.IsSigned);

        Assert.True(RtmpDigest.TryFindServer(toClient.WrittenSpan.Slice(1, 1536), out var found, out _));
        Assert.Equal(scheme, found);
        buffer = Wire.Sequence(toClient.WrittenSpan.ToArray());
        Assert.True(client.TryRead(ref buffer));   // false if S2 were not signed with the client's digest
        Assert.True(client.IsDone);
        Assert.Equal(1 + 2 * 1536, toServer.WrittenCount);
    }

    [Fact]
    public void A_signed_client_refuses_a_wrong_answer()
    {
        var toServer = new ArrayBufferWriter<byte>();
        var toClient = new ArrayBufferWriter<byte>();
        var client = new RtmpClientHandshake(toServer, new Random(2), 0);
        client.Start();
        var buffer = Wire.Sequence(toServer.WrittenSpan.ToArray());
        Assert.True(new RtmpServerHandshake(toClient, new Random(1)).TryRead(ref buffer));

        var answer = toClient.WrittenSpan.ToArray();
        answer[^1] ^= 1;
        buffer = Wire.Sequence(answer);
        Assert.False(client.TryRead(ref buffer));
    }

    [Fact]
    public void A_version_without_a_digest_is_answered_plainly()
    {
        var output = new ArrayBufferWriter<byte>();
        var handshake = new RtmpServerHandshake(output, new Random(1));
        byte[] c1 = [0, 0, 0, 0, 9, 0, 124, 2, .. Wire.Numbered(1528)];
        var buffer = Wire.Sequence([3, .. c1]);
        Assert.True(handshake.TryRead(ref buffer));
        Assert.False(handshake.IsSigned);
        Assert.Equal(c1, output.WrittenSpan[1537..].ToArray());
    }

    [Theory]
    [InlineData(0x06)]   // RTMPE
    [InlineData(0x16)]   // TLS
    [InlineData((byte)'G')]
    public void Another_protocol_is_refused_at_its_first_byte(byte first)
    {
        using var arena = new FrameArena(new FramePool());
        var output = new ArrayBufferWriter<byte>();
        using var session = new RtmpSession(output, arena);
        var buffer = Wire.Sequence([first]);
        Assert.False(session.TryRead(ref buffer, out _));
        Assert.Equal(RtmpEnd.NotRtmp, session.End);
        Assert.Equal(0, output.WrittenCount);
    }

    [Fact]
    public void A_handshake_may_come_byte_by_byte_and_costs_nothing_until_it_is_there()
    {
        using var peer = new ScriptedPeer();
        peer.Feed([3, .. new byte[1535]], 1);
        Assert.Empty(peer.Replies);
        Assert.Equal(0, peer.Pool.SlabsInUse);
        peer.Feed([0], 1);
        Assert.Equal(1 + 2 * 1536, peer.Replies.Length);
        peer.Feed(new byte[1535], 1);
        Assert.False(peer.Session.HandshakeDone);
        peer.Feed([0]);
        Assert.True(peer.Session.HandshakeDone);
        Assert.Equal(RtmpEnd.None, peer.Session.End);
    }
}
