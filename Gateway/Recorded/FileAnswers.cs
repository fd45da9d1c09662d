using Microsoft.AspNetCore.Http;
using Tributary.Gateway.Live;

namespace Tributary.Gateway.Recorded;

/// <summary>Writes bytes that are read as they are sent: whole, or the one range that was asked for (RFC 9110 §14).</summary>
static class FileAnswers
{
    // Two of them are on their way at most: one being read, one being sent.
    const int Piece = 256 * 1024;

    /// <summary>Sets status and headers, and writes what <paramref name="read"/> gives, unless the request is HEAD. Returns the bytes written.</summary>
    public static async Task<long> Write(HttpContext context, long total, Func<long, Memory<byte>, CancellationToken, Task<int>> read)
    {
        var response = context.Response;
        response.Headers.AcceptRanges = "bytes";
        var (from, length) = (0L, total);
        switch (BodyWriter.ReadRange(context.Request, total, out var first, out var last))
        {
            case BodyWriter.RangeAnswer.Partial:
                (from, length) = (first, last - first + 1);
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ContentRange = $"bytes {first}-{last}/{total}";
                break;
            case BodyWriter.RangeAnswer.Unsatisfiable:
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = $"bytes */{total}";
                response.Headers.CacheControl = "no-store";
                response.ContentLength = 0;
                return 0;
        }

        response.ContentLength = length;
        return HttpMethods.IsHead(context.Request.Method) ? 0 : await WriteRange(context, from, length, read);
    }

    public static async Task Write(HttpContext context, string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
        await Write(context, RandomAccess.GetLength(file), (offset, bytes, cancellation) => RandomAccess.ReadAsync(file, bytes, offset, cancellation).AsTask());
    }

    // What does not come any more ends the connection: nobody shall keep a half for the whole.
    static async Task<long> WriteRange(HttpContext context, long from, long length, Func<long, Memory<byte>, CancellationToken, Task<int>> read)
    {
        var output = context.Response.BodyWriter;
        for (var sent = 0L; sent < length;)
        {
            var memory = output.GetMemory(Piece);
            memory = memory[..(int)Math.Min(Math.Min(memory.Length, Piece), length - sent)];
            var got = await read(from + sent, memory, context.RequestAborted);
            if (got <= 0)
            {
                context.Abort();
                return sent;
            }

            output.Advance(got);
            sent += got;
            if ((await output.FlushAsync(context.RequestAborted)).IsCompleted)
            {
                return sent;
            }
        }

        return length;
    }
}
