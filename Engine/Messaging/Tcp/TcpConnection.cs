using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Orleans.Runtime;

/// <inheritdoc cref="IConnection"/>
sealed class TcpConnection : IConnection
{
    /// <summary>Bytes that may wait for a slow or stopped peer, besides one message.</summary>
    public const long MostBytesWaiting = 64 << 20;

    readonly Socket _socket;
    readonly Channel<byte[]> _out = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _waiting;

    TcpConnection(Socket socket, PipeReader input, PipeWriter output)
    {
        _socket = socket;
        Input = input;
        Output = output;
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public IPAddress? RemoteAddress => (_socket.RemoteEndPoint as IPEndPoint)?.Address;

    public Task Closed => _closed.Task;

    public static async Task<TcpConnection> Connect(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
            return Over(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static TcpConnection Over(Socket socket)
    {
        socket.NoDelay = true;
        var stream = new NetworkStream(socket, ownsSocket: true);
        return new TcpConnection(
            socket, PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16384)), PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: 16384)));
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
        _socket.Dispose();
        _closed.TrySetResult();
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

            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The receiving side ends the connection.
            _socket.Dispose();
        }
    }
}
