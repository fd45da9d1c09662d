using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Tributary.Protocols.Amf;

namespace Tributary.EndToEnd.Harness;

/// <summary>An RTMP client without manners: it sends exactly the bytes that a test gives it.</summary>
sealed class RawRtmp : IAsyncDisposable
{
    const int HandshakeSize = 1_536;

    readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Our end as the server names it: it may write an IPv4 address in its IPv6 form, so only the port is looked for.</summary>
    public string LocalPort => $":{((IPEndPoint)_socket.LocalEndPoint!).Port} ";

    public static async Task<RawRtmp> Connect(int port)
    {
        var client = new RawRtmp();
        await client._socket.ConnectAsync("127.0.0.1", port);
        return client;
    }

    /// <summary>Connects and shakes hands, as RTMP 1.0 §5.2 asks.</summary>
    public static async Task<RawRtmp> Handshake(int port)
    {
        var client = await Connect(port);
        await client.Send((byte[])[3, .. new byte[HandshakeSize]]);
        var answer = new byte[1 + 2 * HandshakeSize];
        var read = 0;
        while (read < answer.Length)
        {
            var more = await client._socket.ReceiveAsync(answer.AsMemory(read));
            Assert.True(more > 0, "the server closed during the handshake");
            read += more;
        }

        await client.Send(answer.AsMemory(1, HandshakeSize));
        return client;
    }

    /// <summary>Sends; false when the server has closed meanwhile.</summary>
    public async Task<bool> Send(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
                bytes = bytes[await _socket.SendAsync(bytes, deadline.Token)..];
            }

            return true;
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Waits until the server closes; false if it does not in time.</summary>
    public async Task<bool> IsClosed(TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        var buffer = new byte[4_096];
        try
        {
            while (await _socket.ReceiveAsync(buffer, deadline.Token) > 0)
            {
            }

            return true;
        }
        catch (SocketException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A message in one chunk (format 0) of a two- or three-byte chunk stream id; <paramref name="declared"/> lies about its length.</summary>
    public static byte[] Chunk(int chunkStream, byte type, ReadOnlySpan<byte> payload, int? declared = null, uint streamId = 0)
    {
        byte[] basic = chunkStream switch
        {
            < 64 => [(byte)chunkStream],
            < 320 => [0, (byte)(chunkStream - 64)],
            _ => [1, (byte)((chunkStream - 64) & 0xFF), (byte)((chunkStream - 64) >> 8)],
        };
        var header = new byte[11];
        var length = declared ?? payload.Length;
        (header[3], header[4], header[5], header[6]) = ((byte)(length >> 16), (byte)(length >> 8), (byte)length, type);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(7), streamId);
        return [.. basic, .. header, .. payload];
    }

    /// <summary>Set chunk size (RTMP 1.0 §5.4.1).</summary>
    public static byte[] SetChunkSize(uint size)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, size);
        return Chunk(2, 1, payload);
    }

    /// <summary>connect with objects in objects.</summary>
    public static byte[] NestedConnect(int depth)
    {
        var body = new ArrayBufferWriter<byte>();
        new Amf0Writer(body).String("connect").Number(1);
        for (var i = 0; i < depth; i++)
        {
            body.Write((ReadOnlySpan<byte>)[3, 0, 1, (byte)'a']);
        }

        return body.WrittenSpan.ToArray();
    }

    /// <summary>connect with a strict array that claims four thousand million members.</summary>
    public static byte[] EndlessArrayConnect()
    {
        var body = new ArrayBufferWriter<byte>();
        new Amf0Writer(body).String("connect").Number(1);
        body.Write((ReadOnlySpan<byte>)[0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 5, 5, 5]);
        return body.WrittenSpan.ToArray();
    }
}
