using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Live;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Files on demand, packaged: everything below the prefixes of the configured locations. A request: 1. its location is found, 2. method and path are
/// checked, 3. what is kept for the same URL is sent at once; else the path is taken apart by the grammar, 4. <see cref="VodAnswers"/> makes an answer, 5. it is
/// sent, whole or in parts. Failures are one sentence and the status of their class.
/// </summary>
sealed partial class VodEndpoint(
    VodLocations locations, VodAnswers answers, VodStatusPage status, VodFallback fallback, VodMetrics metrics, IOptions<VodOptions> options, IOptions<EdgeOptions> edge,
    ILogger<VodEndpoint> log)
{
    int _requests;

    /// <summary>Answers what belongs to a location; everything else goes on.</summary>
    internal Task Handle(HttpContext context, RequestDelegate next)
    {
        // 1. Location. Where dot segments led out of one, it is still that one's to refuse.
        var path = context.Request.Path.Value ?? "";
        var location = path.Length > 1 ? locations.Find(path) : null;
        if (location is null && context.Features.Get<IHttpRequestFeature>()?.RawTarget is { } raw && raw.Contains("/../", StringComparison.Ordinal))
        {
            location = locations.Find(raw);
        }

        return location is null ? next(context) : Handle(context, location, path);
    }

    async Task Handle(HttpContext context, VodLocation location, string path)
    {
        var started = VodMetrics.Start();
        VodRequestKind? kind = null;
        var (sent, method) = (0L, context.Request.Method);
        if (HttpMethods.IsOptions(method))
        {
            await Cors.Preflight(context, edge.Value.AllowOrigin);
            (context.Response.StatusCode, context.Response.ContentType, context.Response.ContentLength) = (StatusCodes.Status200OK, "text/plain", 0);   // as the module's
            return;
        }

        Cors.Allow(context, edge.Value.AllowOrigin);
        if (Interlocked.Increment(ref _requests) > options.Value.MaxRequests)
        {
            Interlocked.Decrement(ref _requests);
            metrics.Refused();
            await Answers.Busy(context, "As many requests are answered here as may be (Vod:MaxRequests).");
            return;
        }

        try
        {
            // 2. Method and path.
            if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
            {
                context.Response.Headers.Allow = "GET, HEAD, OPTIONS";
                await Say(context, StatusCodes.Status405MethodNotAllowed, "Files are read here, with GET or HEAD.");
                return;
            }

            if (location.Mode == VodMode.Status)
            {
                await status.Answer(context);
                return;
            }

            if (!TryPath(context, path, out var decoded))
            {
                await Say(context, StatusCodes.Status400BadRequest, "The path leads out of its location.");
                return;
            }

            // 3. Kept answers, else grammar.
            if (answers.Kept(context, location, decoded) is { } kept)
            {
                kind = kept.Kind;
                sent = await VodBody.Send(context, location, kept, options.Value.Gzip);
                return;
            }

            if (!VodUrlGrammar.TryParse(decoded[location.Prefix.Length..], location.Packaging, location.Options, out var url, out var reason))
            {
                await Say(context, StatusCodes.Status400BadRequest, reason);
                return;
            }

            // 4. Answer.
            kind = url.Request.Kind;
            await using var answer = await answers.AnswerAsync(context, location, url, decoded);
            if (answer.Failure == MediaFailure.NotFound && VodFallback.Takes(context, location))
            {
                await fallback.Answer(context, location, decoded);
                return;
            }

            if (answer.RedirectTo.Length > 0)
            {
                context.Response.Redirect(answer.RedirectTo);
                return;
            }

            if (answer.Failure != MediaFailure.None)
            {
                await Fail(context, decoded, answer.Failure, answer.Reason);
                return;
            }

            // 5. Body.
            sent = await VodBody.Send(context, location, answer, options.Value.Gzip);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The viewer left.
        }
        catch (IOException exception)
        {
            await Fail(context, path, MediaFailure.BadUpstream, exception.Message);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            LogBug(log, exception, path);
            await Fail(context, path, MediaFailure.Internal, "Something of ours went wrong.");
        }
        finally
        {
            Interlocked.Decrement(ref _requests);
            metrics.Answered(kind, context.Response.StatusCode, sent);
            metrics.Took("total", started);
        }
    }

    // The server has taken dot segments out of the path; a path that had some leading out of everything, or hidden as %2F, is refused. Slashes that follow
    // one another are one, as they are for nginx.
    static bool TryPath(HttpContext context, string path, out string decoded)
    {
        decoded = path.Contains("%2", StringComparison.Ordinal) ? path.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase) : path;
        while (decoded.Contains("//", StringComparison.Ordinal))
        {
            decoded = decoded.Replace("//", "/", StringComparison.Ordinal);
        }

        var raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        return !decoded.Contains('\0') && !decoded.Contains("/../", StringComparison.Ordinal) && !decoded.EndsWith("/..", StringComparison.Ordinal)
            && !raw.Contains("/../", StringComparison.Ordinal) && !decoded.Contains("/./", StringComparison.Ordinal);
    }

    async Task Fail(HttpContext context, string path, MediaFailure failure, string reason)
    {
        LogFailure(log, path, failure, reason);
        if (context.Response.HasStarted)
        {
            context.Abort();   // a length was promised: nobody may take the part for the whole
            return;
        }

        context.Response.Clear();
        Cors.Allow(context, edge.Value.AllowOrigin);
        await Say(context, StatusOf(failure), SentenceOf(failure));
    }

    internal static int StatusOf(MediaFailure failure) => failure switch
    {
        MediaFailure.BadRequest => StatusCodes.Status400BadRequest,
        MediaFailure.Forbidden => StatusCodes.Status403Forbidden,
        MediaFailure.BadMapping => StatusCodes.Status503ServiceUnavailable,
        MediaFailure.BadUpstream => StatusCodes.Status502BadGateway,
        MediaFailure.UpstreamTimeout => StatusCodes.Status504GatewayTimeout,
        MediaFailure.NotImplemented => StatusCodes.Status501NotImplemented,
        MediaFailure.Internal => StatusCodes.Status500InternalServerError,
        _ => StatusCodes.Status404NotFound,
    };

    // Paths and upstreams stay in the log: viewers are told the class.
    static string SentenceOf(MediaFailure failure) => failure switch
    {
        MediaFailure.BadRequest => "The request makes no sense for this media.",
        MediaFailure.BadData => "The media is damaged, or not what its name says.",
        MediaFailure.NoStreams => "There is no such segment or track.",
        MediaFailure.Forbidden => "This may not be read.",
        MediaFailure.EmptyMapping => "There is nothing to play.",
        MediaFailure.BadMapping => "The mapping of this media cannot be understood.",
        MediaFailure.Expired => "The presentation is over.",
        MediaFailure.BadUpstream => "The server that has the media did not answer as it should.",
        MediaFailure.UpstreamTimeout => "The server that has the media did not answer in time.",
        MediaFailure.NotImplemented => "This needs a feature that is not there yet.",
        MediaFailure.Internal => "The request could not be answered.",
        _ => "There is no such file.",
    };

    static async Task Say(HttpContext context, int status, string sentence)
    {
        var bytes = Encoding.UTF8.GetBytes(sentence + "\n");
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
        }
    }

    [LoggerMessage(LogLevel.Debug, "{Path}: {Failure}, {Reason}")]
    static partial void LogFailure(ILogger log, string path, MediaFailure failure, string reason);

    [LoggerMessage(LogLevel.Error, "{Path} could not be answered")]
    static partial void LogBug(ILogger log, Exception exception, string path);
}
