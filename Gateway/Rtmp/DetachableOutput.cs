using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Tributary.Gateway.Streaming;

namespace Tributary.Gateway.Rtmp;

/// <summary>An RTMP connection whose replies go through a <see cref="DetachableOutput"/>.</summary>
sealed class RtmpTransport(PipeReader input, PipeWriter output) : IDuplexPipe
{
    public PipeReader Input => input;

    public PipeWriter Output => output;
}

/// <summary>
/// The output of an RTMP connection that can become a viewer's. A connection's own pipe is emptied by another thread at a time that nobody is told, so
/// bytes sent to the socket beside it could overtake it; here, what has been flushed is in the socket. Behind TLS the flush goes to the pipe.
/// </summary>
sealed class DetachableOutput(Socket? socket, PipeWriter inner) : PipeWriter, IAsyncDisposable
{
    readonly ArrayBufferWriter<byte> _bytes = new(512);

    public static DetachableOutput For(ConnectionContext connection)
    {
        var isPlain = connection.Features.Get<ITlsConnectionFeature>() is null && SocketOutput.IsSupported;
        return new DetachableOutput(isPlain ? connection.Features.Get<IConnectionSocketFeature>()?.Socket : null, connection.Transport.Output);
    }

    /// <summary>Where a viewer's bytes go from now on. Nothing may be flushed while the viewer is there.</summary>
    public IViewerOutput Detach() => socket is not null ? new SocketOutput(socket) : new PipeOutput(inner);

    /// <summary>What was written and not flushed.</summary>
    public byte[] Take()
    {
        var taken = _bytes.WrittenSpan.ToArray();
        _bytes.ResetWrittenCount();
        return taken;
    }

    public override void Advance(int bytes) => _bytes.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _bytes.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _bytes.GetSpan(sizeHint);

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_bytes.WrittenCount == 0)
        {
            return default;
        }

        try
        {
            if (socket is null)
            {
                return await inner.WriteAsync(_bytes.WrittenMemory, cancellationToken);
            }

            for (var rest = _bytes.WrittenMemory; !rest.IsEmpty;)
            {
                rest = rest[await socket.SendAsync(rest, SocketFlags.None, cancellationToken)..];
            }

            return default;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return new FlushResult(isCanceled: false, isCompleted: true);   // the reader sees the end
        }
        finally
        {
            _bytes.ResetWrittenCount();
        }
    }

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public async ValueTask DisposeAsync() => await FlushAsync();
}
