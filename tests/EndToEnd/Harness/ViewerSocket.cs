using System.Buffers;
using System.Net.Sockets;
using System.Text;
using Tributary.Media.Frames;
using Tributary.Protocols.Rtmp;

namespace Tributary.EndToEnd.Harness;

/// <summary>
/// The connection of a viewer that holds one, as cheap as it can be: it asks, and whoever opened it reads what comes. By RTMP the first bytes of the
/// stream may have been read with the server's answer: a caller who wants to see those too says so.
/// </summary>
static class ViewerSocket
{
    static readonly FramePool Messages = new(slabSize: 16 * 1024);

    /// <summary>Asks for <c>/live/NAME.flv</c> or <c>.ts</c>, as a WebSocket (<c>ws</c>), or plays by RTMP; a query may follow the name.</summary>
    public static async Task<Socket> Open(string form, int port, string name, string query = "", Action<ReadOnlyMemory<byte>>? sees = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync("127.0.0.1", port);
            await (form == "rtmp" ? Play(socket, port, name + query, sees) : Ask(socket, port, form, name, query));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    static async Task Ask(Socket socket, int port, string form, string name, string query)
    {
        var upgrade = form == "ws" ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" : "";
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /live/{name}.{(form == "ts" ? "ts" : "flv")}{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{upgrade}\r\n"));
    }

    static async Task Play(Socket socket, int port, string name, Action<ReadOnlyMemory<byte>>? sees)
    {
        var output = new ArrayBufferWriter<byte>(4 * 1024);
        using var arena = new FrameArena(Messages);
        using var client = new RtmpPlayClient(
            output, arena, new RtmpClientOptions { App = "live", TcUrl = $"rtmp://127.0.0.1:{port}/live", StreamName = name }, Random.Shared);
        client.Start();
        var received = ArrayPool<byte>.Shared.Rent(256 * 1024);
        for (var (read, pending) = (1, 0); read > 0 && client.State is not (RtmpClientState.OnAir or RtmpClientState.Ended);)
        {
            await socket.SendAsync(output.WrittenMemory);
            output.ResetWrittenCount();
            read = await socket.ReceiveAsync(received.AsMemory(pending));
            sees?.Invoke(received.AsMemory(pending, read));
            var buffer = new ReadOnlySequence<byte>(received, 0, pending + read);
            while (client.TryRead(ref buffer, out var message))
            {
                message.Payload.Release();
            }

            pending = (int)buffer.Length;
            buffer.CopyTo(received);
        }

        ArrayPool<byte>.Shared.Return(received);
        if (client.State != RtmpClientState.OnAir)
        {
            throw new IOException($"{name} does not play: {client.Refusal} {client.End}");
        }
    }
}
