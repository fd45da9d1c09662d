using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Leaks;

/// <summary>
/// Viewers who look in for a moment, in every form that the server has: playlists with a segment, HTTP-FLV, WebSocket-FLV, RTMP and MPEG-TS. Some
/// close in good order, most just go.
/// </summary>
sealed class ShortSessions(int httpPort, int rtmpPort)
{
    const int Enough = 4_096;

    // A client's closing frame without a payload, masked (RFC 6455 §5.5.1).
    static readonly byte[] Close = [0x88, 0x80, 0, 0, 0, 0];
    static readonly string[] Forms = ["hls", "flv", "ws", "hls", "rtmp", "flv", "ws", "hls", "ts", "hls"];

    /// <summary>Sessions that got what they came for.</summary>
    public int Served => _served;

    int _served, _next;

    /// <summary>So many sessions, some at a time, each of the next stream and form; a stream's query is in its name.</summary>
    public Task Run(int sessions, int atOnce, params (string Name, string Query)[] streams)
    {
        var last = _next + sessions;
        return Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(async () =>
        {
            var scratch = new byte[128 * 1024];
            for (int number; (number = Interlocked.Increment(ref _next)) <= last;)
            {
                var (name, query) = streams[number / Forms.Length % streams.Length];
                await Watch(Forms[number % Forms.Length], name, query, scratch);
                Interlocked.Increment(ref _served);
            }

            Interlocked.Decrement(ref _next);
        })));
    }

    async Task Watch(string form, string name, string query, byte[] scratch)
    {
        if (form == "hls")
        {
            await Fetch(name, query, scratch);
            return;
        }

        using var socket = await ViewerSocket.Open(form, form == "rtmp" ? rtmpPort : httpPort, name, query);
        for (var (read, total) = (0, 0); total < Enough; total += read)
        {
            read = await socket.ReceiveAsync(scratch.AsMemory());
            var isRefused = total == 0 && form != "rtmp" && !scratch.AsSpan(0, read).StartsWith(form == "ws" ? "HTTP/1.1 101"u8 : "HTTP/1.1 200"u8);
            if (read == 0 || isRefused)
            {
                throw new IOException($"{form} of {name}: {Encoding.ASCII.GetString(scratch, 0, Math.Min(read, 300))}");
            }
        }

        if (form == "ws")
        {
            await socket.SendAsync(Close);
            while (await socket.ReceiveAsync(scratch.AsMemory()) > 0)
            {
            }
        }
    }

    // As a player does that sees the list for the first time: master, playlist, the last segment, over one connection.
    async Task Fetch(string name, string query, byte[] scratch)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", httpPort);
        var master = await Get(socket, $"/live/{name}/master.m3u8{query}", scratch);
        var playlist = await Get(socket, $"/live/{name}/{LastAddress(master)}", scratch);
        await Get(socket, $"/live/{name}/{LastAddress(playlist)}", scratch);
    }

    static string LastAddress(string playlist) => playlist.Split('\n').Last(static line => line.Length > 0 && line[0] != '#').Trim();

    async Task<string> Get(Socket socket, string path, byte[] scratch)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{httpPort}\r\n\r\n"));
        var (read, head) = (0, -1);
        while (head < 0)
        {
            var more = await socket.ReceiveAsync(scratch.AsMemory(read));
            read += more;
            head = scratch.AsSpan(0, read).IndexOf("\r\n\r\n"u8);
            if (more == 0 || !scratch.AsSpan(0, read).StartsWith("HTTP/1.1 200"u8))
            {
                throw new IOException($"{path}: {Encoding.ASCII.GetString(scratch, 0, Math.Min(read, 300))}");
            }
        }

        var left = LengthOf(Encoding.ASCII.GetString(scratch, 0, head)) - (read - head - 4);
        var isText = path.Contains(".m3u8", StringComparison.Ordinal);
        while (left > 0)
        {
            var more = await socket.ReceiveAsync(scratch.AsMemory(isText ? read : 0));
            (read, left) = (read + more, more == 0 ? throw new IOException($"{path} broke off") : left - more);
        }

        return isText ? Encoding.ASCII.GetString(scratch, head + 4, read - head - 4) : "";
    }

    static int LengthOf(string head)
    {
        const string Name = "\r\nContent-Length: ";
        var at = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase) + Name.Length;
        return int.Parse(head.AsSpan(at, head.IndexOf('\r', at) is var end and >= 0 ? end - at : head.Length - at), CultureInfo.InvariantCulture);
    }
}
