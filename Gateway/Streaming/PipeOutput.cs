using System.Buffers;
using System.IO.Pipelines;

namespace Tributary.Gateway.Streaming;

/// <summary>
/// A viewer behind TLS, HTTP/2 or another server's connection: the bytes are copied to its pipe. While the pipe is full nothing is taken.
/// </summary>
sealed class PipeOutput(PipeWriter writer) : IViewerOutput
{
    Task<FlushResult>? _flushing;

    public long Send(ReadOnlySpan<IoVector> pieces)
    {
        try
        {
            if (_flushing is { } flushing)
            {
                if (!flushing.IsCompleted)
                {
                    return 0;
                }

                _flushing = null;
                if (IsOver(flushing.GetAwaiter().GetResult()))
                {
                    return -1;
                }
            }

            var taken = 0L;
            foreach (var piece in pieces)
            {
                writer.Write(piece.Span);
                taken += (long)piece.Length;
            }

            var flush = writer.FlushAsync();
            if (!flush.IsCompletedSuccessfully)
            {
                _flushing = flush.AsTask();
            }
            else if (IsOver(flush.Result))
            {
                return -1;
            }

            return taken;
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or OperationCanceledException)
        {
            return -1;   // completed by the other side
        }
    }

    /// <summary>Waits for what was taken, so that the pipe can be given back to its owner.</summary>
    public async Task Settle()
    {
        try
        {
            await (_flushing ?? Task.CompletedTask);
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or OperationCanceledException)
        {
            // It is gone.
        }
    }

    static bool IsOver(FlushResult result) => result.IsCompleted || result.IsCanceled;
}
