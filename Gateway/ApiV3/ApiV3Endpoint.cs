using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.ServerNodes;

namespace Tributary.Gateway.ApiV3;

/// <summary>
/// The platform's API over HTTP: <c>/api_v3</c> in every form that clients use. It answers 200 also for errors, which the answer names; a client that
/// cannot be understood at all gets an error as well.
/// </summary>
sealed partial class ApiV3Endpoint(
    PlatformApi api, ResponseProfiles profiles, RequestReader reader, ApiV3Metrics metrics, PictureMaker pictures, NodeIdentity node, IOptions<PlatformOptions> options, TimeProvider time, ILogger<ApiV3Endpoint> log)
{
    const string Prefix = "/api_v3";

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.Map(Prefix, Answer);
        endpoints.Map(Prefix + "/{**rest}", Answer);
    }

    async Task Answer(HttpContext context)
    {
        var started = time.GetTimestamp();
        context.Response.Headers["X-Me"] = node.Name;
        context.Response.Headers["X-Kaltura-Session"] = context.TraceIdentifier;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.AccessControlAllowOrigin = "*";
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.Headers.AccessControlAllowMethods = "GET, POST, OPTIONS";
            context.Response.Headers.AccessControlAllowHeaders = "Content-Type, Accept, X-Kaltura-Session-Id, Range";
            return;
        }

        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        ApiCallRequest request;
        try
        {
            request = await reader.Read(context, RawPath(context));
        }
        catch (Exception exception) when (exception is UnreadableRequestException or InvalidDataException or BadHttpRequestException or IOException)
        {
            LogUnreadable(context.TraceIdentifier, exception.Message);
            metrics.Unreadable();
            await Refuse(context, PlatformException.Of("INTERNAL_SERVERL_ERROR", exception is UnreadableRequestException ? exception.Message : "The request could not be read."), started);
            return;
        }

        using (request)
        {
            var result = request.IsMultirequest
                ? await Multirequest.Run(request.Parameters, request.Files, options.Value.MaxCalls, (parameters, files) => Call(context, parameters, files))
                : await Call(context, request.Parameters, request.Files);
            await Write(context, request.Format, result, request.Parameters.Text("callback"), request.Parameters.Text("ignoreNull") == "1", started);
        }
    }

    // In the format that the address or the body's kind tells; a list for whoever sent several calls, as the npm client waits for nothing else.
    Task Refuse(HttpContext context, PlatformException error, long started)
    {
        var named = RequestReader.PathPairs(RawPath(context)).Concat(context.Request.Query.Select(pair => (Name: pair.Key, Value: pair.Value.ToString()))).ToArray();
        bool Says(string name, string value) => named.Any(pair => pair.Name == name && pair.Value.Equals(value, StringComparison.OrdinalIgnoreCase));
        var isJson = Says("format", "1") || context.Request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true;
        return Write(context, isJson ? AnswerFormat.Json : AnswerFormat.Xml, Says("service", "multirequest") ? new List<object?> { error } : error, "", false, started);
    }

    // With its escapes: a value may hold an escaped slash.
    static string RawPath(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var end = target.IndexOf('?');
        var path = end >= 0 ? target[..end] : target;
        var at = path.IndexOf(Prefix, StringComparison.OrdinalIgnoreCase);
        return at >= 0 ? path[(at + Prefix.Length)..] : "";
    }

    // One call: whatever happens becomes a result or an error of the API.
    async Task<object?> Call(HttpContext context, RawMap parameters, IReadOnlyDictionary<string, UploadedFile> files)
    {
        var (service, action) = (parameters.Text("service"), parameters.Text("action"));
        var started = time.GetTimestamp();
        try
        {
            var request = new ApiRequest(service, action, parameters) { Files = files, Facts = FactsOf(context) };
            var result = await api.Call(request);
            metrics.Called(service, action, "", time.GetElapsedTime(started));
            return result is ServedFile || !parameters.TryGetValue("responseProfile", out var profile) ? result : ResponseProfile.Of(await profiles.Wanted(profile, parameters))?.Apply(result) ?? result;
        }
        catch (PlatformException exception)
        {
            metrics.Called(service, action, exception.Code, time.GetElapsedTime(started));
            return exception;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !context.RequestAborted.IsCancellationRequested)
        {
            // The network, silos or the store behind a grain: one line, and nothing of it for the client.
            LogFailed(Shown(service), Shown(action), context.TraceIdentifier, exception);
            metrics.Called(service, action, "INTERNAL_SERVERL_ERROR", time.GetElapsedTime(started));
            return PlatformException.Of("INTERNAL_SERVERL_ERROR");
        }
    }

    static string Shown(string name) => new([.. name.Take(64).Where(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')]);

    static RequestFacts FactsOf(HttpContext context)
    {
        var request = context.Request;
        return new RequestFacts(
            $"{request.Scheme}://{request.Host.Value}", Ip(context), $"{request.Path}{request.QueryString}", request.Headers.Referer.ToString(), request.Headers.UserAgent.ToString());
    }

    static string Ip(HttpContext context) => context.Connection.RemoteIpAddress is not { } address ? ""
        : address.IsIPv4MappedToIPv6 ? address.MapToIPv4().ToString() : address.ToString();

    async Task Write(HttpContext context, AnswerFormat format, object? result, string callback, bool ignoreNull, long started)
    {
        if ((result is List<object?> list ? list.OfType<ServedFile>().FirstOrDefault() : result as ServedFile) is { } file)
        {
            await Serve(context, file);
            return;
        }

        var body = new ArrayBufferWriter<byte>(4_096);
        context.Response.ContentType = Render(body, format, result, callback, ignoreNull, time.GetElapsedTime(started));
        context.Response.ContentLength = body.WrittenCount;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.BodyWriter.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }

    // A picture in the size that is wanted; as it is where it cannot be made.
    async Task Serve(HttpContext context, ServedFile file)
    {
        try
        {
            await FileAnswer.Write(context, file is { Wish: { } wish, Path: { } path } && await pictures.OfFile(path, wish, context.RequestAborted) is { Length: > 0 } made
                ? new ServedFile("image/jpeg", Bytes: made) : file);
        }
        catch (PicturesBusyException)
        {
            (context.Response.StatusCode, context.Response.Headers.RetryAfter) = (StatusCodes.Status503ServiceUnavailable, "1");
        }
    }

    static string Render(ArrayBufferWriter<byte> body, AnswerFormat format, object? result, string callback, bool ignoreNull, TimeSpan took)
    {
        switch (format)
        {
            case AnswerFormat.Json:
                JsonAnswer.Write(body, result);
                return "application/json";
            case AnswerFormat.Jsonp when callback.Length is > 0 and <= 128 && Callback().IsMatch(callback):
                body.Write(Encoding.ASCII.GetBytes(callback + "("));
                JsonAnswer.Write(body, result, forScript: true);
                body.Write(");"u8);
                return "application/javascript";
            case AnswerFormat.Jsonp:
                JsonAnswer.Write(body, PlatformException.Of("MISSING_MANDATORY_PARAMETER", "callback"));
                return "application/json";
            case AnswerFormat.Php:
                body.Write(PhpAnswer.Write(result));
                return "text/plain; charset=utf-8";
            default:
                using (var stream = new MemoryStream())
                {
                    XmlAnswer.Write(stream, result, ignoreNull, took);
                    body.Write(stream.GetBuffer().AsSpan(0, (int)stream.Length));
                }

                return "text/xml";
        }
    }

    [GeneratedRegex("^[0-9A-Za-z_.]*\\z", RegexOptions.None, 100)]
    private static partial Regex Callback();

    [LoggerMessage(LogLevel.Information, "Request {Id} to the platform could not be read: {Why}")]
    partial void LogUnreadable(string id, string why);

    [LoggerMessage(LogLevel.Error, "{Service}.{Action} failed, request {Id}")]
    partial void LogFailed(string service, string action, string id, Exception exception);
}
