using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Grains.Access.Hooks;

/// <summary>What is sent to hooks, in the words of each shape.</summary>
static class HookRequest
{
    const string Application = "live";

    /// <summary>A question.</summary>
    public static HttpRequestMessage Of(AccessHook hook, AccessRequest request, string node, DateTimeOffset now) => hook.Shape switch
    {
        HookShape.Srs => Post(hook, Srs(request, node)),
        HookShape.MediaMtx => Post(hook, MediaMtx(request)),
        _ => Signed(hook, Ask(request, node, now), Guid.NewGuid(), now),
    };

    /// <summary>An event. The time of the signature is that of the attempt, so that a receiver can refuse what is old.</summary>
    public static HttpRequestMessage Of(AccessHook hook, StreamEvent what, string node, DateTimeOffset now) => hook.Shape == HookShape.Srs
        ? Post(hook, Srs(what, node))
        : Signed(hook, Tell(what, node), what.Id, now);

    /// <summary>HMAC-SHA256 of the timestamp in Unix seconds, a point, and the body, in lower-case hex.</summary>
    public static string Signature(string secret, string timestamp, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        mac.AppendData(Encoding.ASCII.GetBytes(timestamp + "."));
        mac.AppendData(body);
        return Convert.ToHexStringLower(mac.GetHashAndReset());
    }

    static HttpRequestMessage Signed(AccessHook hook, byte[] body, Guid id, DateTimeOffset now)
    {
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var message = Post(hook, body);
        message.Headers.Add("Tributary-Id", id.ToString());
        message.Headers.Add("Tributary-Timestamp", timestamp);
        message.Headers.Add("Tributary-Signature", $"v1={Signature(hook.Secret, timestamp, body)}");
        return message;
    }

    static HttpRequestMessage Post(AccessHook hook, byte[] body)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, hook.Url) { Content = new ByteArrayContent(body) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return message;
    }

    // The token is not in it: who checks tokens takes the shape of MediaMTX or SRS.
    static byte[] Ask(AccessRequest request, string node, DateTimeOffset now) => Json(json =>
    {
        json.WriteString("ask", request.Action == AccessAction.Publish ? "publish" : "play");
        json.WriteString("stream", request.Stream);
        json.WriteString("session", request.Session);
        json.WriteString("address", request.Address.ToString());
        json.WriteString("protocol", request.Protocol);
        json.WriteString("userAgent", request.UserAgent);
        json.WriteString("node", node);
        json.WriteString("at", now.UtcDateTime);
    });

    static byte[] Tell(StreamEvent what, string node) => Json(json =>
    {
        json.WriteString("id", what.Id);
        json.WriteString("event", Name(what.What));
        json.WriteString("stream", what.Stream);
        json.WriteString("session", what.Session);
        json.WriteString("address", what.Address);
        json.WriteString("protocol", what.Protocol);
        json.WriteString("userAgent", what.UserAgent);
        json.WriteString("node", node);
        json.WriteString("at", what.At.UtcDateTime);
        if (what.Reason.Length > 0)
        {
            json.WriteString("reason", what.Reason);
        }

        if (what.File.Length > 0)
        {
            json.WriteString("file", what.File);
            json.WriteNumber("seconds", Math.Round(what.Duration.TotalSeconds, 3));
        }
    });

    static byte[] MediaMtx(AccessRequest request) => Json(json =>
    {
        json.WriteString("user", request.Credentials.User);
        json.WriteString("password", request.Credentials.Password);
        json.WriteString("token", request.Credentials.Token);
        json.WriteString("ip", request.Address.ToString());
        json.WriteString("action", request.Action == AccessAction.Publish ? "publish" : "read");
        json.WriteString("path", $"{Application}/{request.Stream}");
        json.WriteString("protocol", request.Protocol);
        json.WriteString("id", request.Session);
        json.WriteString("query", request.Query.TrimStart('?'));
        json.WriteString("userAgent", request.UserAgent);
    });

    static byte[] Srs(AccessRequest request, string node) => Json(json =>
    {
        WriteSrs(json, request.Action == AccessAction.Publish ? "on_publish" : "on_play", node, request.Session, request.Address.ToString(), request.Stream, request.Query);
        json.WriteString("tcUrl", request.TcUrl.Length > 0 ? request.TcUrl : $"{request.Protocol}://__defaultVhost__/{Application}");
        if (request.Action == AccessAction.Play)
        {
            json.WriteString("pageUrl", "");
        }
    });

    static byte[] Srs(StreamEvent what, string node) => Json(json =>
    {
        var action = what.What switch { HookEvent.Record => "on_dvr", var other => $"on_{Name(other)}" };
        WriteSrs(json, action, node, what.Session, what.Address, what.Stream, what.Query);
        if (what.What == HookEvent.Record)
        {
            json.WriteString("cwd", "");
            json.WriteString("file", what.File);
        }
    });

    static void WriteSrs(Utf8JsonWriter json, string action, string node, Guid session, string address, string stream, string query)
    {
        json.WriteString("server_id", node);
        json.WriteString("action", action);
        json.WriteString("client_id", session.ToString("N"));
        json.WriteString("ip", address);
        json.WriteString("vhost", "__defaultVhost__");
        json.WriteString("app", Application);
        json.WriteString("stream", stream);
        json.WriteString("param", query.Length == 0 || query[0] == '?' ? query : "?" + query);
        json.WriteString("stream_url", $"/{Application}/{stream}");
        json.WriteString("stream_id", stream);
    }

    static string Name(HookEvent what) => what switch
    {
        HookEvent.Publish => "publish", HookEvent.Unpublish => "unpublish", HookEvent.Play => "play", HookEvent.Stop => "stop", _ => "record",
    };

    static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var output = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }
}
