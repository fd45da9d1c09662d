using System.Security.Cryptography;
using System.Text;

namespace Tributary.Protocols.WebSockets;

/// <summary>The server's half of the opening handshake (RFC 6455 §4.2.2).</summary>
public static class WebSocketHandshake
{
    const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Sec-WebSocket-Accept for the client's key.</summary>
    public static string Accept(string key) => Convert.ToBase64String(Hash(Encoding.ASCII.GetBytes(key + Guid)));

#pragma warning disable CA5350 // The protocol says SHA-1; nothing secret hangs on it.
    static byte[] Hash(byte[] bytes) => SHA1.HashData(bytes);
#pragma warning restore CA5350
}
