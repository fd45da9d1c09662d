using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Tributary.Gateway.Api;

/// <summary>
/// Decides whether a request may command: with the token where one is configured, else from this machine only. A page that somebody reads on this
/// machine commands nothing, and neither does a stranger behind a proxy that runs on it.
/// </summary>
sealed class AdminAccess(IOptionsMonitor<ApiOptions> options)
{
    const string Scheme = "Bearer ";

    /// <summary>Whether the request may command.</summary>
    public bool Allows(HttpContext context) =>
        options.CurrentValue.Token is { Length: > 0 } token ? Carries(context.Request, token) : IsLocal(context);

    /// <summary>The problem to answer with; null where the request may command.</summary>
    public Problem? Refusal(HttpContext context)
    {
        var token = options.CurrentValue.Token;
        if (token.Length > 0)
        {
            return Carries(context.Request, token) ? null : Refuse(context, 401, "Unauthorized", "Commands need Authorization: Bearer TOKEN (Api:Token).");
        }

        return IsLocal(context) ? null : Refuse(context, 403, "Forbidden",
            "Without Api:Token commands are taken from this machine only, not through a proxy, and from no web page.");
    }

    static Problem Refuse(HttpContext context, int status, string title, string detail)
    {
        if (status == 401)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return new Problem("about:blank", title, status, detail);
    }

    static bool Carries(HttpRequest request, string token)
    {
        var given = request.Headers.Authorization.ToString();
        return given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(given[Scheme.Length..])), SHA256.HashData(Encoding.UTF8.GetBytes(token)));
    }

    // A browser on this machine sends other sites' requests as well, but says whose they are (Fetch standard, "Origin header"); a name that
    // was pointed at this machine only for the attack is not one of its own.
    static bool IsLocal(HttpContext context)
    {
        var headers = context.Request.Headers;
        return context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
            && headers["X-Forwarded-For"].Count == 0 && headers["Forwarded"].Count == 0
            && headers["Sec-Fetch-Site"].ToString() is "" or "same-origin" or "none"
            && (headers.Origin.Count == 0 || Uri.TryCreate(headers.Origin, UriKind.Absolute, out var origin) && origin.IsLoopback);
    }
}
