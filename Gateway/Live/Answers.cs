using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Tributary.Gateway.Live;

/// <summary>Answers that are not media: one sentence, and how long a cache may repeat it.</summary>
static class Answers
{
    /// <summary>How long a cache may repeat what can be otherwise at any moment.</summary>
    public static TimeSpan Briefly { get; } = TimeSpan.FromSeconds(1);

    public static Task Missing(HttpContext context, TimeSpan age, string sentence) =>
        Say(context, StatusCodes.Status404NotFound, MaxAge(age), sentence);

    public static Task Refused(HttpContext context, TimeSpan age, string sentence) =>
        Say(context, StatusCodes.Status400BadRequest, MaxAge(age), sentence);

    public static Task Gone(HttpContext context, TimeSpan age, string sentence) =>
        Say(context, StatusCodes.Status410Gone, MaxAge(age), sentence);

    public static Task Busy(HttpContext context, string sentence)
    {
        context.Response.Headers.RetryAfter = "1";
        return Say(context, StatusCodes.Status503ServiceUnavailable, "no-store", sentence);
    }

    /// <summary>Another gateway answers this for now; nobody is to remember it (RFC 9110 §15.4.8).</summary>
    public static void Moved(HttpContext context, string address)
    {
        context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        context.Response.Headers.Location = address;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = 0;
    }

    public static string MaxAge(TimeSpan age) => $"public, max-age={((long)age.TotalSeconds).ToString(CultureInfo.InvariantCulture)}";

    /// <summary>For what never changes (RFC 8246).</summary>
    public static string Immutable(TimeSpan age) => MaxAge(age) + ", immutable";

    /// <summary>Whether gzip is among the codings that the client takes (RFC 9110 §12.5.3).</summary>
    public static bool AcceptsGzip(HttpRequest request)
    {
        var header = request.Headers.AcceptEncoding;
        if (header.Count == 0 || !header.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return StringWithQualityHeaderValue.TryParseList(header, out var codings)
            && codings.Any(coding => coding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && coding.Quality is null or > 0);
    }

    /// <summary>Whether the client has what the tag names already (RFC 9110 §13.1.2).</summary>
    public static bool IsKnown(HttpRequest request, string tag)
    {
        var header = request.Headers.IfNoneMatch;
        if (header.Count == 0)
        {
            return false;
        }

        var opaque = tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag;   // If-None-Match compares weakly
        return EntityTagHeaderValue.TryParseList(header, out var known)
            && known.Any(entry => entry.Tag.Equals(opaque, StringComparison.Ordinal) || entry.Tag.Equals("*", StringComparison.Ordinal));
    }

    internal static async Task Say(HttpContext context, int status, string cache, string sentence)
    {
        var bytes = Encoding.UTF8.GetBytes(sentence + "\n");
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = cache;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
        }
    }
}
