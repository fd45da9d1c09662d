using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Orleans.Runtime;

/// <inheritdoc cref="IConnection"/>
sealed class TcpConnection : IConnection
{
    /// <summary>Bytes that may wait for a slow or stopped peer, besides one message.</summary>
    public const long MostBytesWaiting = 64 << 20;

    static readonly TimeSpan SilenceProbed = TimeSpan.FromSeconds(15);
    readonly Socket _socket;
    readonly Stream _stream;
    readonly Channel<byte[]> _out = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    readonly TaskCompletionSource _closed = Completion.Source();
    long _waiting;

    TcpConnection(Socket socket, Stream stream)
    {
        (_socket, _stream) = (socket, stream);
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16384));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: 16384));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public IPAddress? RemoteAddress => (_socket.RemoteEndPoint as IPEndPoint)?.Address;

    public Task Closed => _closed.Task;

    public static async Task<TcpConnection> Connect(IPEndPoint endpoint, TcpTls? tls, CancellationToken cancellationToken)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
            // Nobody listens, and the system gave the socket the very port that it calls: it talks to itself (simultaneous open, RFC 9293 §3.5).
            return Equals(socket.LocalEndPoint, socket.RemoteEndPoint) ? throw new SocketException((int)SocketError.ConnectionRefused)
                : await Over(socket, tls is null ? null : plain => tls.Call(plain, cancellationToken));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The end that was called.</summary>
    public static Task<TcpConnection> Accept(Socket socket, TcpTls? tls, CancellationToken cancellationToken) =>
        Over(socket, tls is null ? null : plain => tls.Accept(plain, cancellationToken));

    static async Task<TcpConnection> Over(Socket socket, Func<Stream, Task<Stream>>? secure)
    {
        socket.NoDelay = true;
        EndWhenSilent(socket);
        var plain = new NetworkStream(socket, ownsSocket: true);
        return new TcpConnection(socket, secure is null ? plain : await secure(plain));
    }

    public async Task Run(int longest, Action<FrameType, ReadOnlySequence<byte>> received)
    {
        var sending = Send();
        try
        {
            await Receive(longest, received);
        }
        finally
        {
            Dispose();
            await sending;
            _closed.TrySetResult();
        }
    }

    public bool TrySend(byte[] frame)
    {
        if (Interlocked.Add(ref _waiting, frame.Length) - frame.Length > MostBytesWaiting || !_out.Writer.TryWrite(frame))
        {
            Interlocked.Add(ref _waiting, -frame.Length);
            return false;
        }

        return true;
    }

    public void Finish() => _out.Writer.TryComplete();

    public void Dispose()
    {
        _out.Writer.TryComplete();
        _stream.Dispose();
        _socket.Dispose();
        _closed.TrySetResult();
    }

    // A peer whose machine or way is gone says nothing: probes find that out when nothing is under way, TCP_USER_TIMEOUT (RFC 5482) when something is.
    static void EndWhenSilent(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)SilenceProbed.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        if (OperatingSystem.IsLinux())
        {
            const int Tcp = 6, UserTimeout = 18;
            Span<byte> milliseconds = stackalloc byte[sizeof(int)];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(milliseconds, (int)(SilenceProbed * 2).TotalMilliseconds);
            socket.SetRawSocketOption(Tcp, UserTimeout, milliseconds);
        }
    }

    async Task Receive(int longest, Action<FrameType, ReadOnlySequence<byte>> received)
    {
        while (true)
        {
            var read = await Input.ReadAsync();
            var buffer = read.Buffer;
            while (Frames.TryRead(ref buffer, longest, out var type, out var payload))
            {
                received(type, payload);
            }

            Input.AdvanceTo(buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    async Task Send()
    {
        try
        {
            while (await _out.Reader.WaitToReadAsync())
            {
                var unflushed = 0;
                while (unflushed < 256 << 10 && _out.Reader.TryRead(out var frame))
                {
                    Output.Write(frame);
                    unflushed += frame.Length;
                }

                await Output.FlushAsync();
                Interlocked.Add(ref _waiting, -unflushed);
            }

            await (_stream is SslStream secured ? secured.ShutdownAsync() : Task.CompletedTask);
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The receiving side ends the connection.
            _socket.Dispose();
        }
    }
}
