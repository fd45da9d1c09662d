using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Packaging.Vod.Progressive;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Sends an answer: headers, conditions (RFC 9110 §13), and the body whole, one range, or several as multipart/byteranges (§14).
/// </summary>
static class VodBody
{
    /// <summary>Returns the bytes of the body that were sent.</summary>
    public static async Task<long> Send(HttpContext context, VodLocation location, VodAnswer answer, bool gzip = false)
    {
        var (request, response) = (context.Request, context.Response);
        if (gzip && Gzip.Concerns(answer.Body!))
        {
            answer = Encoded(request, response, answer);
        }

        var body = answer.Body!;
        var modified = LastModified(location, answer);
        SetHeaders(response, location, answer, modified);
        if (Condition(request, answer.Tag, modified) is { } settled)
        {
            response.StatusCode = settled;
            return 0;
        }

        response.ContentType = body.ContentType;
        response.Headers.AcceptRanges = "bytes";
        var ranges = request.Headers.Range is [{ } asked] && IsUnchanged(request, answer.Tag, modified) ? ByteRanges.Read(asked, body.Length) : null;
        if (ranges is [])
        {
            response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{body.Length}");
            response.ContentType = null;
            response.ContentLength = 0;
            return 0;
        }

        if (ranges is { Count: > 1 })
        {
            return await SendParts(context, body, ranges);
        }

        var (from, count) = ranges is [var one] ? one : (0, body.Length);
        if (ranges is not null)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = ContentRange(from, count, body.Length);
        }

        response.ContentLength = count;
        if (HttpMethods.IsHead(request.Method) || count == 0)
        {
            return 0;
        }

        if (body is not ClippedBody)   // its source is not asked before
        {
            await response.StartAsync(context.RequestAborted);   // what is written before is copied once more
        }

        await body.WriteAsync(response.BodyWriter, from, count, context.RequestAborted);
        await response.BodyWriter.FlushAsync(context.RequestAborted);
        return count;
    }

    // Another encoding is another representation, with a tag of its own (RFC 9110 §8.8.3.3). A part is one of what is not encoded.
    static VodAnswer Encoded(HttpRequest request, HttpResponse response, VodAnswer answer)
    {
        response.Headers.Vary = "Accept-Encoding";
        if (request.Headers.Range.Count > 0 || !Gzip.IsAccepted(request))
        {
            return answer;
        }

        response.Headers.ContentEncoding = "gzip";
        return answer with { Body = Gzip.Of((MemoryBody)answer.Body!), Tag = $"{answer.Tag.TrimEnd('"')}-gzip\"" };
    }

    static DateTimeOffset? LastModified(VodLocation location, VodAnswer answer)
    {
        if (location.LastModified is not { } configured || !location.LastModifiedTypes.Any(type => type == "*" || type == answer.Body!.ContentType))
        {
            return null;
        }

        return answer.Age == ResponseAge.Vod ? configured : DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
    }

    static void SetHeaders(HttpResponse response, VodLocation location, VodAnswer answer, DateTimeOffset? modified)
    {
        response.Headers.ETag = answer.Tag;
        if (modified is { } date)
        {
            response.Headers.LastModified = date.ToString("r", CultureInfo.InvariantCulture);
        }

        var age = answer.Age switch
        {
            ResponseAge.Live => location.ExpiresLive,
            ResponseAge.LiveTimeDependent => location.ExpiresLiveTimeDependent,
            _ => location.Expires,
        };
        if (age is { } lives)
        {
            response.Headers.CacheControl = string.Create(CultureInfo.InvariantCulture, $"max-age={(long)lives.TotalSeconds}");
            response.Headers.Expires = (DateTimeOffset.UtcNow + lives).ToString("r", CultureInfo.InvariantCulture);
        }
    }

    // The order of RFC 9110 §13.2.2. A tag stands for a date where the request has both.
    static int? Condition(HttpRequest request, string tag, DateTimeOffset? modified)
    {
        var headers = request.Headers;
        if (headers.IfMatch.Count > 0 ? !Matches(headers.IfMatch!, tag) : Date(headers.IfUnmodifiedSince!) is { } still && modified > still)
        {
            return StatusCodes.Status412PreconditionFailed;
        }

        var known = headers.IfNoneMatch.Count > 0 ? Matches(headers.IfNoneMatch!, tag) : Date(headers.IfModifiedSince!) is { } since && modified <= since;
        return known ? StatusCodes.Status304NotModified : null;
    }

    static bool Matches(IList<string?> header, string tag) =>
        EntityTagHeaderValue.TryParseList([.. header.OfType<string>()], out var tags) && tags.Any(entry => entry.Tag == tag || entry.Tag == "*");

    static DateTimeOffset? Date(string? text) => text is not null && HeaderUtilities.TryParseDate(text, out var date) ? date : null;

    static bool IsUnchanged(HttpRequest request, string tag, DateTimeOffset? modified)
    {
        if (request.Headers.IfRange is not [{ } condition])
        {
            return request.Headers.IfRange.Count == 0;
        }

        return condition.StartsWith('"') ? condition == tag : Date(condition) is { } date && modified == date;
    }

    static async Task<long> SendParts(HttpContext context, PackagedBody body, List<(long From, long Count)> ranges)
    {
        var response = context.Response;
        var boundary = Random.Shared.NextInt64(0, long.MaxValue).ToString("D20", CultureInfo.InvariantCulture);
        var heads = ranges.ConvertAll(range => Encoding.ASCII.GetBytes(
            $"\r\n--{boundary}\r\nContent-Type: {body.ContentType}\r\nContent-Range: {ContentRange(range.From, range.Count, body.Length)}\r\n\r\n"));
        var tail = Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n");
        response.StatusCode = StatusCodes.Status206PartialContent;
        response.ContentType = $"multipart/byteranges; boundary={boundary}";
        response.ContentLength = heads.Sum(head => (long)head.Length) + ranges.Sum(range => range.Count) + tail.Length;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return 0;
        }

        for (var at = 0; at < ranges.Count; at++)
        {
            await response.BodyWriter.WriteAsync(heads[at], context.RequestAborted);
            await body.WriteAsync(response.BodyWriter, ranges[at].From, ranges[at].Count, context.RequestAborted);
        }

        await response.BodyWriter.WriteAsync(tail, context.RequestAborted);
        return response.ContentLength.Value;
    }

    static string ContentRange(long from, long count, long length) => string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{from + count - 1}/{length}");
}
