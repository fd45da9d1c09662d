using System.Net;
using System.Text;
using System.Text.Json;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.Access.Hooks;

/// <summary>What a hook said to one request.</summary>
enum HookReply
{
    Yes,

    No,

    /// <summary>No, for want of credentials.</summary>
    AsksCredentials,

    /// <summary>It did not answer, or not as it should.</summary>
    Down,
}

/// <summary>Sends requests to hooks and reads their replies. Nothing that a hook does takes longer than its time, or throws.</summary>
public sealed class HookHttp(NodeIdentity node) : IDisposable
{
    const int MaxReply = 16 * 1024;

    // A redirect would send credentials to somewhere that nobody configured.
    readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        MaxResponseContentBufferSize = MaxReply, Timeout = Timeout.InfiniteTimeSpan,
    };

    public void Dispose() => _http.Dispose();

    internal Task<(HookReply Reply, string Why)> Send(AccessHook hook, AccessRequest request, DateTimeOffset now, CancellationToken cancellation) =>
        Send(hook, HookRequest.Of(hook, request, node.Name, now), cancellation);

    internal Task<(HookReply Reply, string Why)> Send(AccessHook hook, StreamEvent what, DateTimeOffset now, CancellationToken cancellation) =>
        Send(hook, HookRequest.Of(hook, what, node.Name, now), cancellation);

    async Task<(HookReply Reply, string Why)> Send(AccessHook hook, HttpRequestMessage message, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(hook.Timeout);
        try
        {
            using (message)
            {
                using var answer = await _http.SendAsync(message, patience.Token);
                return (Read(hook.Shape, answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(patience.Token)), $"it answered {(int)answer.StatusCode}");
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return (HookReply.Down, exception is OperationCanceledException ? $"no answer within {hook.Timeout}" : exception.Message);
        }
    }

    static HookReply Read(HookShape shape, HttpStatusCode status, byte[] body) => (int)status switch
    {
        // SRS says in the body what it means, and means no by any other status.
        200 when shape == HookShape.Srs => IsZero(body) ? HookReply.Yes : HookReply.No,
        >= 200 and < 300 => HookReply.Yes,
        408 or 429 or >= 500 => HookReply.Down,
        401 => HookReply.AsksCredentials,
        _ => HookReply.No,
    };

    static bool IsZero(byte[] body)
    {
        if (Encoding.ASCII.GetString(body).Trim() == "0")
        {
            return true;
        }

        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8 });
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("code", out var code)
                && code.ValueKind == JsonValueKind.Number && code.TryGetInt64(out var number) && number == 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
