using Microsoft.AspNetCore.Http;

namespace Tributary.Gateway.Live;

/// <summary>Cross-origin access for players on other sites (Fetch standard, "HTTP extensions"). Nothing here depends on who asks, so caches may share it.</summary>
static class Cors
{
    public static void Allow(HttpContext context, string origin)
    {
        if (origin.Length > 0)
        {
            var headers = context.Response.Headers;
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlExposeHeaders = "Content-Length, Content-Range, Date, ETag";
        }
    }

    public static Task Preflight(HttpContext context, string origin)
    {
        Allow(context, origin);
        var headers = context.Response.Headers;
        if (origin.Length > 0)
        {
            headers.AccessControlAllowMethods = "GET, HEAD, OPTIONS";
            headers.AccessControlAllowHeaders = "Range, If-None-Match, If-Range, Content-Type, Authorization";
            headers.AccessControlMaxAge = "86400";
        }

        headers.Allow = "GET, HEAD, OPTIONS";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
