using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using Tributary.Media.Frames;
using Tributary.Protocols.Rtmp;

namespace Tributary.EndToEnd.Harness;

/// <summary>Publishes tags over a real socket with our own client, at the times and with the timestamps that a test chooses.</summary>
sealed class RtmpPublisher : IAsyncDisposable
{
    readonly Socket _socket;
    readonly FrameArena _arena = new(FramePool.Shared);
    readonly ArrayBufferWriter<byte> _output = new(1 << 20);
    readonly RtmpPublishClient _client;
    readonly byte[] _received = new byte[64 * 1024];
    int _pending;

    RtmpPublisher(Socket socket, int port, string stream, string app)
    {
        _socket = socket;
        _client = new RtmpPublishClient(
            _output, _arena, new RtmpClientOptions { App = app, TcUrl = $"rtmp://127.0.0.1:{port}/{app}", StreamName = stream }, new Random(1));
    }

    /// <summary>What the server said when it refused; empty while it has not.</summary>
    public string Refusal => _client.Refusal;

    public bool IsOnAir => _client.State == RtmpClientState.OnAir;

    /// <summary>Connects and asks to publish; comes back with the answer, whichever it is.</summary>
    public static Task<RtmpPublisher> Connect(int port, string stream) => Connect("127.0.0.1", port, stream);

    /// <inheritdoc cref="Connect(int, string)"/>
    public static async Task<RtmpPublisher> Connect(string host, int port, string stream, string app = "live")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(host, port);
        var publisher = new RtmpPublisher(socket, port, stream, app);
        publisher._client.Start();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (publisher._client.State is not (RtmpClientState.OnAir or RtmpClientState.Ended))
        {
            await publisher.Flush(deadline.Token);
            if (!await publisher.Receive(deadline.Token))
            {
                break;
            }
        }

        await publisher.Flush(deadline.Token);
        return publisher;
    }

    /// <summary>Sends tags when it is their time by their own timestamps (from the first), stamped as <paramref name="stamp"/> says.</summary>
    public async Task Play(IEnumerable<FlvTag> tags, Func<FlvTag, uint>? stamp = null, double speed = 1, CancellationToken cancellation = default)
    {
        var started = Stopwatch.GetTimestamp();
        uint? first = null;
        foreach (var tag in tags)
        {
            if (!tag.IsConfiguration)
            {
                first ??= tag.Timestamp;
                var due = TimeSpan.FromMilliseconds((tag.Timestamp - first.Value) / speed);
                var ahead = due - Stopwatch.GetElapsedTime(started);
                if (ahead > TimeSpan.FromMilliseconds(5))
                {
                    await Flush(cancellation);
                    await Task.Delay(ahead, cancellation);   // the clock of an encoder, not a way to wait for the server
                }
            }

            Send(tag, stamp?.Invoke(tag) ?? tag.Timestamp);
        }

        await Flush(cancellation);
    }

    public async Task Stop()
    {
        _client.Stop();
        await Flush(CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _client.Dispose();
        _arena.Dispose();
        return ValueTask.CompletedTask;
    }

    void Send(FlvTag tag, uint timestamp)
    {
        switch (tag.Type)
        {
            case FlvFile.Audio:
                _client.SendAudio(timestamp, default, tag.Body.Span);
                break;
            case FlvFile.Video:
                _client.SendVideo(timestamp, default, tag.Body.Span);
                break;
            default:
                _client.SendData(timestamp, tag.Body.Span);
                break;
        }
    }

    async Task Flush(CancellationToken cancellation)
    {
        while (_socket.Available > 0 && await Receive(cancellation))
        {
        }

        for (var sent = 0; sent < _output.WrittenCount;)
        {
            sent += await _socket.SendAsync(_output.WrittenMemory[sent..], cancellation);
        }

        _output.ResetWrittenCount();
    }

    async Task<bool> Receive(CancellationToken cancellation)
    {
        var read = await _socket.ReceiveAsync(_received.AsMemory(_pending), cancellation);
        if (read == 0)
        {
            return false;
        }

        var buffer = new ReadOnlySequence<byte>(_received, 0, _pending + read);
        var goesOn = _client.TryRead(ref buffer);
        _pending = (int)buffer.Length;
        buffer.CopyTo(_received);
        return goesOn;
    }
}
