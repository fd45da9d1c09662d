using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>What an upstream answered: <see cref="MediaFailure.None"/> and the body, or the class of the failure and one sentence.</summary>
readonly record struct UpstreamAnswer(MediaFailure Failure, string Reason, ReadOnlyMemory<byte> Body);

/// <summary>A part of a remote file.</summary>
/// <param name="Read">Bytes read.</param>
/// <param name="Total">Length of the whole file.</param>
/// <param name="Identity">What the server says the file is: its strong tag, or when it was changed; empty where it does not say.</param>
readonly record struct RangeAnswer(MediaFailure Failure, string Reason, int Read, long Total, string Identity, DateTimeOffset? LastModified);

/// <summary>A resource of an upstream, and what the upstream is called in requests; empty: as in the address.</summary>
readonly record struct UpstreamAddress(Uri Uri, string Host)
{
    public string AbsoluteUri => Uri.AbsoluteUri;

    public override string ToString() => AbsoluteUri;
}

/// <summary>
/// Asks upstreams. Only those that are configured are ever connected to: a URL is an upstream's base and an escaped path, redirects are not followed, no
/// proxy and no cookie is used. Times, sizes and connections are limited; a question is asked again where the connection failed, not where an answer came.
/// </summary>
public sealed class UpstreamClient : IDisposable
{
    readonly HttpClient _client;
    readonly VodOptions _options;
    readonly VodMetrics _metrics;

    public UpstreamClient(IOptions<VodOptions> options, VodMetrics metrics)
    {
        (_options, _metrics) = (options.Value, metrics);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = _options.UpstreamTimeout,
            MaxConnectionsPerServer = _options.UpstreamConnections,
            MaxResponseHeadersLength = 64,
            MaxResponseDrainSize = 64 * 1024,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),   // a new address of an upstream is found
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public void Dispose() => _client.Dispose();

    /// <summary>The URL of a path below an upstream; null where the path leads out of it.</summary>
    internal static UpstreamAddress? Address(VodUpstream upstream, string path, string query)
    {
        if (path.Length > 8_192 || path.Contains('\0') || path.Split('/').Any(part => part is "." or ".."))
        {
            return null;
        }

        var escaped = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
        var text = upstream.Base.AbsoluteUri.TrimEnd('/') + (escaped.StartsWith('/') || escaped.Length == 0 ? "" : "/") + escaped + (query.Length > 0 ? "?" + query : "");
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == upstream.Base.Scheme && uri.Host == upstream.Base.Host && uri.Port == upstream.Base.Port
            ? new(uri, upstream.Host) : null;
    }

    /// <summary>Gets a whole answer of at most <paramref name="most"/> bytes.</summary>
    internal async Task<UpstreamAnswer> GetAsync(UpstreamAddress uri, long most, long mostHeaders, CancellationToken cancellation)
    {
        var (failure, reason, body) = await Ask(uri, null, async (response, stop) =>
        {
            if (Failure(response.StatusCode) is var status and not MediaFailure.None)
            {
                return (status, $"{uri} answered {(int)response.StatusCode}", default);
            }

            if (HeaderBytes(response) > mostHeaders || response.Content.Headers.ContentLength > most)
            {
                return (MediaFailure.BadUpstream, $"{uri} answered with more than may be", default);
            }

            var buffer = new MemoryStream();
            await using var stream = await response.Content.ReadAsStreamAsync(stop);
            var chunk = new byte[8_192];
            while (await stream.ReadAsync(chunk, stop) is > 0 and var read)
            {
                if (buffer.Length + read > most)
                {
                    return (MediaFailure.BadUpstream, $"{uri} answered with more than {most} bytes", default);
                }

                buffer.Write(chunk, 0, read);
            }

            return (MediaFailure.None, "", new ReadOnlyMemory<byte>(buffer.GetBuffer(), 0, (int)buffer.Length));
        }, cancellation);
        return new(failure, reason, body);
    }

    /// <summary>Reads a part of a remote file (RFC 9110 §14).</summary>
    internal async Task<RangeAnswer> ReadAsync(UpstreamAddress uri, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var (failure, reason, answer) = await Ask(uri, request => request.Headers.Range = new RangeHeaderValue(offset, offset + buffer.Length - 1), async (response, stop) =>
        {
            var range = response.Content.Headers.ContentRange;
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return (MediaFailure.None, "", new RangeAnswer(MediaFailure.None, "", 0, range?.Length ?? offset, Identity(response), response.Content.Headers.LastModified));
            }

            if (Failure(response.StatusCode) is var status and not MediaFailure.None)
            {
                return (status, $"{uri} answered {(int)response.StatusCode}", default);
            }

            var whole = response.StatusCode != HttpStatusCode.PartialContent;
            if (!whole && (range is not { From: not null, Length: not null } || range.From != offset) || whole && offset > 0)
            {
                return (MediaFailure.BadUpstream, $"{uri} does not answer ranges", default);
            }

            await using var stream = await response.Content.ReadAsStreamAsync(stop);
            var read = 0;
            while (read < buffer.Length && await stream.ReadAsync(buffer[read..], stop) is > 0 and var count)
            {
                read += count;
            }

            var total = whole ? response.Content.Headers.ContentLength ?? (read < buffer.Length ? read : -1) : range!.Length!.Value;
            return total < 0
                ? (MediaFailure.BadUpstream, $"{uri} does not say how long it is", default)
                : (MediaFailure.None, "", new RangeAnswer(MediaFailure.None, "", read, total, Identity(response), response.Content.Headers.LastModified));
        }, cancellation);
        return failure == MediaFailure.None ? answer : new(failure, reason, 0, 0, "", null);
    }

    /// <summary>Sends a question on, and what comes back to the viewer: how another site answers for what is not here.</summary>
    internal async Task ForwardAsync(UpstreamAddress uri, string headerName, string headerValue, HttpContext context)
    {
        using var request = Message(new HttpMethod(context.Request.Method), uri);
        request.Headers.TryAddWithoutValidation(headerName, headerValue);
        CopyRequestHeaders(context.Request, request);
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted).WaitAsync(_options.UpstreamTimeout, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            if (!HopByHop.Contains(name))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }

    static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase) { "Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Trailer", "Proxy-Authenticate", "Server", "Date" };

    static void CopyRequestHeaders(HttpRequest from, HttpRequestMessage to)
    {
        foreach (var name in (ReadOnlySpan<string>)["Range", "If-Range", "If-None-Match", "If-Modified-Since", "User-Agent", "Accept", "Referer"])
        {
            if (from.Headers.TryGetValue(name, out var values))
            {
                to.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }
    }

    async Task<(MediaFailure Failure, string Reason, T? Value)> Ask<T>(
        UpstreamAddress uri, Action<HttpRequestMessage>? prepare, Func<HttpResponseMessage, CancellationToken, Task<(MediaFailure, string, T?)>> read, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(_options.UpstreamTimeout);
            try
            {
                using var request = Message(HttpMethod.Get, uri);
                prepare?.Invoke(request);
                using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
                var answer = await read(response, limit.Token);
                _metrics.UpstreamAnswered(answer.Item1);
                return answer;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                _metrics.UpstreamAnswered(MediaFailure.UpstreamTimeout);
                return (MediaFailure.UpstreamTimeout, $"{uri} did not answer in {_options.UpstreamTimeout.TotalSeconds} s", default);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException && attempt >= _options.UpstreamRetries)
            {
                _metrics.UpstreamAnswered(MediaFailure.BadUpstream);
                return (MediaFailure.BadUpstream, $"{uri} cannot be asked: {exception.Message.TrimEnd('.')}", default);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
            {
                // Asked again: a pooled connection may have been closed at the other end.
            }
        }
    }

    static HttpRequestMessage Message(HttpMethod method, UpstreamAddress address)
    {
        var message = new HttpRequestMessage(method, address.Uri);
        message.Headers.Host = address.Host.Length > 0 ? address.Host : null;
        return message;
    }

    static MediaFailure Failure(HttpStatusCode status) => status switch
    {
        HttpStatusCode.OK or HttpStatusCode.PartialContent => MediaFailure.None,
        HttpStatusCode.NotFound or HttpStatusCode.Gone => MediaFailure.NotFound,
        HttpStatusCode.GatewayTimeout => MediaFailure.UpstreamTimeout,
        _ => MediaFailure.BadUpstream,
    };

    static string Identity(HttpResponseMessage response) =>
        response.Headers.ETag is { IsWeak: false } tag ? tag.Tag : response.Content.Headers.LastModified?.ToString("r") ?? "";

    static long HeaderBytes(HttpResponseMessage response) =>
        response.Headers.Concat(response.Content.Headers).Sum(header => header.Value.Sum(value => (long)header.Key.Length + value.Length + 4));
}
