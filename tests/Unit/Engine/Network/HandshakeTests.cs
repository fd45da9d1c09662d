using System.Buffers;
using System.IO.Pipelines;
using System.Net;

namespace Tributary.Unit.Engine.Network;

using Frames = Orleans.Runtime.Frames;

public sealed class HandshakeTests
{
    static readonly SiloAddress Caller = SiloAddress.New(IPAddress.Loopback, 1, 10);
    static readonly SiloAddress Callee = SiloAddress.New(IPAddress.Loopback, 2, 20);

    [Fact]
    public async Task Both_ends_of_one_cluster_with_one_secret_agree()
    {
        var hello = await Shake(Of("c", "s", "secret"), Of("c", "s", "secret"), Callee);
        Assert.Equal(Caller.ToParsableString(), hello.From);
        Assert.Equal(ConnectionPurpose.Control, hello.Purpose);
    }

    [Theory]
    [InlineData("other", "s", "secret")]
    [InlineData("c", "other", "secret")]
    [InlineData("c", "s", "guessed")]
    [InlineData("c", "s", "")]
    public async Task Another_cluster_service_or_secret_is_refused(string cluster, string service, string secret) =>
        await Assert.ThrowsAsync<ConnectionRefusedException>(() => Shake(Of("c", "s", "secret"), Of(cluster, service, secret), Callee));

    [Fact]
    public async Task A_silo_that_was_there_before_is_not_mistaken_for_the_one_that_is()
    {
        var exception = await Assert.ThrowsAsync<ConnectionRefusedException>(
            () => Shake(Of("c", "s", ""), Of("c", "s", ""), SiloAddress.New(IPAddress.Loopback, 2, 19)));
        Assert.Equal(Callee, exception.Self);
    }

    [Fact]
    public async Task Who_is_declared_dead_is_told_why_it_is_refused()
    {
        var exception = await Assert.ThrowsAsync<ConnectionRefusedException>(() => Shake(Of("c", "s", ""), Of("c", "s", ""), Callee, "it was declared dead"));
        Assert.Contains("it was declared dead", exception.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1001)]
    [InlineData(int.MaxValue)]
    public void A_length_that_no_frame_has_is_refused(int length)
    {
        var bytes = new byte[16];
        BitConverter.TryWriteBytes(bytes, length);
        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.Throws<InvalidDataException>(() => Frames.TryRead(ref buffer, 1000, out _, out _));
    }

    [Fact]
    public void A_frame_is_read_when_all_of_it_is_there_and_not_before()
    {
        var frame = Frames.Of(FrameType.Ping, 12345L);
        for (var length = 0; length < frame.Length; length++)
        {
            var part = new ReadOnlySequence<byte>(frame, 0, length);
            Assert.False(Frames.TryRead(ref part, 1000, out _, out _));
            Assert.Equal(length, part.Length);
        }

        var whole = new ReadOnlySequence<byte>([.. frame, 1, 2]);
        Assert.True(Frames.TryRead(ref whole, 1000, out var type, out var payload));
        Assert.Equal(FrameType.Ping, type);
        Assert.Equal("12345"u8.ToArray(), payload.ToArray());
        Assert.Equal(2, whole.Length);
    }

    static ClusterIdentity Of(string cluster, string service, string secret) => new(cluster, service, secret);

    // The caller's fault is thrown, or else the callee's.
    static async Task<Hello> Shake(ClusterIdentity callers, ClusterIdentity callees, SiloAddress meant, string? refusal = null)
    {
        var (there, back) = (new Pipe(), new Pipe());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var accepting = Accept();
        await Handshake.Call(callers, Caller, meant, ConnectionPurpose.Control, "client", back.Reader, there.Writer, limit.Token);
        return await accepting;

        async Task<Hello> Accept()
        {
            await Task.Yield();
            return await Handshake.Accept(callees, Callee, there.Reader, back.Writer, _ => refusal, limit.Token);
        }
    }
}
