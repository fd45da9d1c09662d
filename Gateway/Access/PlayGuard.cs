using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Live;
using Tributary.Gateway.Streaming;
using Tributary.Grains.Access;

namespace Tributary.Gateway.Access;

/// <summary>The ticket that goes into the addresses of the playlist that is being answered.</summary>
sealed record TicketFeature(string Ticket);

/// <summary>
/// Stands before everything below <c>/live/NAME/</c>, so that no way out can be forgotten: playlists, manifests, media, endless responses. The page
/// <c>/live/NAME</c> is the same for all names and says nothing of any; preflights carry no credentials and are never asked for any (Fetch standard §3.2.5).
/// </summary>
sealed class PlayGuard(PlayGate gate, ViewerAddress addresses, IOptions<EdgeOptions> edge)
{
    const string Root = "/live/";

    public async Task Invoke(HttpContext context, RequestDelegate next)
    {
        if (!TryFind(context, out var stream, out var isEndless) || gate.IsOpen(stream))
        {
            await next(context);
            return;
        }

        var request = new PlayRequest(
            stream, addresses.Of(context), Protocol(context.Request.Path.Value!, isEndless), context.Request.QueryString.Value ?? "",
            context.Request.Headers.Authorization.ToString(), context.Request.Headers.UserAgent.ToString());
        await (isEndless && !HttpMethods.IsHead(context.Request.Method) ? Hold(context, request, next) : Admit(context, request, next));
    }

    async Task Admit(HttpContext context, PlayRequest request, RequestDelegate next)
    {
        var (decision, ticket) = await gate.Admit(request);
        if (!decision.Granted)
        {
            await Refuse(context, request.Stream, decision);
            return;
        }

        if (ticket.Length > 0)
        {
            context.Features.Set(new TicketFeature(ticket));
        }

        KeepPrivate(context);
        await next(context);
    }

    async Task Hold(HttpContext context, PlayRequest request, RequestDelegate next)
    {
        using var hold = await gate.Hold(request);
        if (!hold.Decision.Granted)
        {
            await Refuse(context, request.Stream, hold.Decision);
            return;
        }

        await using var onOver = hold.Over.UnsafeRegister(static context => ((HttpContext)context!).Abort(), context);
        await next(context);
    }

    // What one viewer was let in to is for no cache that serves others.
    static void KeepPrivate(HttpContext context) => context.Response.OnStarting(static state =>
    {
        var headers = ((HttpContext)state).Response.Headers;
        headers.CacheControl = headers.CacheControl.ToString().Replace("public", "private", StringComparison.Ordinal);
        return Task.CompletedTask;
    }, context);

    Task Refuse(HttpContext context, string stream, AccessDecision decision)
    {
        Cors.Allow(context, edge.Value.AllowOrigin);
        if (decision.Reason != AccessReason.LockedOut && gate.IsPrivate(stream))
        {
            return WindowAnswers.OffAir(context, stream);
        }

        var status = decision.Reason switch
        {
            AccessReason.CredentialMissing or AccessReason.CredentialWrong or AccessReason.Expired => StatusCodes.Status401Unauthorized,
            AccessReason.Hook when decision.AsksPassword => StatusCodes.Status401Unauthorized,
            AccessReason.LockedOut => StatusCodes.Status429TooManyRequests,
            AccessReason.HookDown or AccessReason.Unknown => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status403Forbidden,
        };
        if (status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = decision.AsksPassword ? "Basic realm=\"live\"" : decision.Reason == AccessReason.CredentialMissing ? "Bearer" : "Bearer error=\"invalid_token\"";   // RFC 6750 §3
        }

        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = ((int)Math.Ceiling(Math.Max(1, decision.RetryAfter.TotalSeconds))).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return Answers.Say(context, status, "no-store", decision.Sentence);
    }

    // Routing has found the name; the page alone has nothing behind it.
    static bool TryFind(HttpContext context, out string stream, out bool isEndless)
    {
        (stream, isEndless) = ("", false);
        var path = context.Request.Path.Value ?? "";
        if (!path.StartsWith(Root, StringComparison.OrdinalIgnoreCase) || HttpMethods.IsOptions(context.Request.Method)
            || context.Request.RouteValues["name"] is not string name || !StreamName.IsValid(name))
        {
            return false;
        }

        stream = name;
        isEndless = StreamingRequest.TryParse(path, out var endless) && endless.Stream == name;
        return isEndless || path.TrimEnd('/').Length > Root.Length + name.Length;
    }

    static string Protocol(string path, bool isEndless) =>
        isEndless ? path[(path.LastIndexOf('.') + 1)..]
        : path.EndsWith(".mpd", StringComparison.Ordinal) ? "dash"
        : path.EndsWith("/manifest", StringComparison.OrdinalIgnoreCase) || path.Contains("/QualityLevels(", StringComparison.OrdinalIgnoreCase) ? "mss"
        : "hls";
}
