using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tributary.Gateway.Vod;

/// <summary>Sends requests for files that are not here to another site (<c>fallback_upstream_location</c>); a header keeps two sites from asking each other for ever.</summary>
public sealed partial class VodFallback(UpstreamClient upstreams, ILogger<VodFallback> log)
{
    /// <summary>Whether the request goes there: files of the location itself, not those that a mapping names.</summary>
    internal static bool Takes(HttpContext context, VodLocation location) =>
        location is { Mode: VodMode.Local or VodMode.Entries or VodMode.Mapped, FallbackUpstream: not null }
        && (location.Mode != VodMode.Mapped || location.Upstream is null)
        && context.Request.Headers[location.ProxyHeaderName] != location.ProxyHeaderValue;

    internal async Task Answer(HttpContext context, VodLocation location, string path)
    {
        var query = context.Request.QueryString.Value is { Length: > 0 } text ? text[1..] : "";
        if (UpstreamClient.Address(location.FallbackUpstream!, path, query) is not { } uri)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        try
        {
            await upstreams.ForwardAsync(uri, location.ProxyHeaderName, location.ProxyHeaderValue, context);
        }
        catch (Exception exception) when (exception is HttpRequestException or TimeoutException && !context.Response.HasStarted)
        {
            LogFailed(log, path, exception.Message);
            context.Response.StatusCode = exception is TimeoutException ? StatusCodes.Status504GatewayTimeout : StatusCodes.Status502BadGateway;
        }
    }

    [LoggerMessage(LogLevel.Debug, "{Path}: the fallback did not answer: {Reason}")]
    static partial void LogFailed(ILogger log, string path, string reason);
}
