using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Tributary.Media.Packaging.Live;

namespace Tributary.Gateway.Live;

/// <summary>Writes a segment's pieces to a response: whole, or the one range that was asked for (RFC 9110 §14).</summary>
static class BodyWriter
{
    // A reader that is slower than this much at a time makes the writer wait, and holds nothing but its lease.
    const int FlushBytes = 64 * 1024;

    /// <summary>Sets status and headers, and writes the body unless the request is HEAD. Returns the bytes written.</summary>
    public static async Task<long> Write(HttpContext context, SegmentBody body)
    {
        var response = context.Response;
        response.Headers.AcceptRanges = "bytes";
        var (start, length) = (0L, body.Length);
        switch (ReadRange(context.Request, body.Length, out var from, out var to))
        {
            case RangeAnswer.Partial:
                (start, length) = (from, to - from + 1);
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ContentRange = $"bytes {from}-{to}/{body.Length}";
                break;
            case RangeAnswer.Unsatisfiable:
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = $"bytes */{body.Length}";
                response.Headers.CacheControl = "no-store";
                response.ContentType = null;
                response.ContentLength = 0;
                return 0;
        }

        response.ContentLength = length;
        return HttpMethods.IsHead(context.Request.Method) ? 0 : await WriteRange(context, body, start, length);
    }

    /// <summary>Sets the length, and writes the bytes unless the request is HEAD. Returns the bytes written.</summary>
    public static async Task<long> Write(HttpContext context, ReadOnlyMemory<byte> bytes)
    {
        context.Response.ContentLength = bytes.Length;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return 0;
        }

        await context.Response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
        return bytes.Length;
    }

    /// <summary>Writes all pieces as they are, where status and headers are settled. Returns the bytes written.</summary>
    public static Task<long> WritePieces(HttpContext context, SegmentBody body) => WriteRange(context, body, 0, body.Length);

    static async Task<long> WriteRange(HttpContext context, SegmentBody body, long start, long length)
    {
        var output = context.Response.BodyWriter;
        var (skip, left, unflushed) = (start, length, 0);
        foreach (var piece in body)
        {
            if (skip >= piece.Length)
            {
                skip -= piece.Length;
                continue;
            }

            var slice = piece[(int)skip..];
            slice = slice.Length > left ? slice[..(int)left] : slice;
            skip = 0;
            output.Write(slice.Span);
            left -= slice.Length;
            unflushed += slice.Length;
            if (left == 0)
            {
                break;
            }

            if (unflushed >= FlushBytes)
            {
                unflushed = 0;
                if ((await output.FlushAsync(context.RequestAborted)).IsCompleted)
                {
                    break;
                }
            }
        }

        await output.FlushAsync(context.RequestAborted);
        return length - left;
    }

    internal enum RangeAnswer
    {
        Whole,
        Partial,
        Unsatisfiable,
    }

    // Several ranges, a unit other than bytes, and a condition that we cannot check all mean: send the whole.
    internal static RangeAnswer ReadRange(HttpRequest request, long length, out long from, out long to)
    {
        (from, to) = (0, length - 1);
        if (request.Headers.Range.Count != 1 || request.Headers.IfRange.Count > 0
            || !RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var header) || header.Unit != "bytes" || header.Ranges.Count != 1)
        {
            return RangeAnswer.Whole;
        }

        var range = header.Ranges.First();
        if (range.From is { } first)
        {
            (from, to) = (first, Math.Min(range.To ?? length - 1, length - 1));
        }
        else
        {
            from = length - Math.Min(range.To ?? 0, length);
        }

        return from < length && from <= to ? RangeAnswer.Partial : RangeAnswer.Unsatisfiable;
    }
}
