using System.Net;
using System.Text;
using Tributary.Gateway.Access;
using Tributary.Gateway.Live;
using Tributary.Protocols.Http;
using Tributary.Protocols.WebSockets;

namespace Tributary.Gateway.Streaming;

/// <summary>A request for an endless response: <c>/live/NAME.flv</c> or <c>/live/NAME.ts</c>, plain or as a WebSocket.</summary>
/// <param name="Stream">The stream's name.</param>
/// <param name="Format">FLV or MPEG-TS.</param>
readonly record struct StreamingRequest(string Stream, StreamFormat Format)
{
    const string Root = "/live/";

    public string ContentType => Format == StreamFormat.Flv ? "video/x-flv" : "video/mp2t";

    /// <summary>Somebody who wants it, from <paramref name="address"/>, before HTTP.</summary>
    public PlayRequest Played(IPAddress address, RequestHead head) =>
        new(Stream, address, Format == StreamFormat.Flv ? "flv" : "ts", head.Query, head.Authorization, head.UserAgent);

    /// <summary>Reads a path that needs no decoding: names of streams never do.</summary>
    public static bool TryParse(string path, out StreamingRequest request)
    {
        request = default;
        if (!path.StartsWith(Root, StringComparison.Ordinal))
        {
            return false;
        }

        var format = path.EndsWith(".flv", StringComparison.Ordinal) ? StreamFormat.Flv
            : path.EndsWith(".ts", StringComparison.Ordinal) ? StreamFormat.MpegTs
            : StreamFormat.Rtmp;
        if (format == StreamFormat.Rtmp)
        {
            return false;
        }

        var name = path[Root.Length..path.LastIndexOf('.')];
        request = new StreamingRequest(name, format);
        return StreamName.IsValid(name);
    }

    /// <summary>
    /// The head of the response on a connection of its own. Its body has no length and ends with the connection (RFC 9112 §6.3): every player takes
    /// that, and chunks would cost a head and a tail for each write.
    /// </summary>
    public byte[] ResponseHead(string? webSocketKey, string allowOrigin) => Encoding.ASCII.GetBytes(webSocketKey is { } key
        ? $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {WebSocketHandshake.Accept(key)}\r\n\r\n"
        : $"HTTP/1.1 200 OK\r\nContent-Type: {ContentType}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
            + (allowOrigin.Length > 0 ? $"Access-Control-Allow-Origin: {allowOrigin}\r\n" : "") + "Connection: close\r\n\r\n");

    /// <summary>How its viewers get the shared bytes, behind <paramref name="responseHead"/>.</summary>
    public IViewerFraming Framing(byte[] responseHead, bool webSocket)
    {
        byte[] inner = webSocket ? [] : responseHead;
        IViewerFraming framing = Format == StreamFormat.Flv ? new FlvFraming(inner) : new TsFraming(inner);
        return webSocket ? new WebSocketFraming(framing, responseHead) : framing;
    }
}
