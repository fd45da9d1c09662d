using System.Buffers;
using System.Text;

namespace Tributary.Protocols.Http;

/// <summary>What came of looking for the head of a request.</summary>
public enum RequestHeadOutcome : byte
{
    /// <summary>The head is whole.</summary>
    Complete,

    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>No head that is read here: another method, another protocol, too long, or broken. Who speaks all of HTTP may judge it.</summary>
    Other,
}

/// <summary>
/// The head of an HTTP/1.1 GET request (RFC 9112 §2 to §5), as far as a server of endless streams needs it: the path, and who asks for a WebSocket.
/// Whatever is unusual is left to a whole HTTP server, so nothing is repaired here.
/// </summary>
/// <param name="Path">The path, not decoded, without its query.</param>
/// <param name="Query">What stands behind the question mark; may hold a token, so it is not for logs.</param>
/// <param name="WebSocketKey">Sec-WebSocket-Key of a request for a WebSocket of version 13 (RFC 6455 §4.2.1); null for others.</param>
public sealed record RequestHead(string Path, string Query, string? WebSocketKey)
{
    /// <summary>Longer heads are not read here.</summary>
    public const int MaxLength = 8 * 1024;

    const int MaxTarget = 4 * 1024;

    /// <summary>The Authorization field; holds a secret, so it is not for logs. Empty: none.</summary>
    public string Authorization { get; init; } = "";

    /// <summary>The User-Agent field; empty: none.</summary>
    public string UserAgent { get; init; } = "";

    /// <summary>Whether a proxy says for whom it asks.</summary>
    public bool IsForwarded { get; init; }

    // Secrets stay out of whatever prints it.
    public override string ToString() => Path;

    static ReadOnlySpan<byte> Get => "GET /"u8;

    static ReadOnlySpan<byte> Version => " HTTP/1.1"u8;

    /// <summary>Reads a head from the start of <paramref name="bytes"/>. <paramref name="length"/> is its length with the empty line.</summary>
    public static RequestHeadOutcome TryRead(ReadOnlySpan<byte> bytes, out RequestHead head, out int length)
    {
        (head, length) = (new RequestHead("", "", null), 0);

        // 1. The first line, judged as soon as its bytes are there.
        var known = Math.Min(bytes.Length, Get.Length);
        if (!bytes[..known].SequenceEqual(Get[..known]))
        {
            return RequestHeadOutcome.Other;
        }

        var lineEnd = bytes.IndexOf("\r\n"u8);
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (lineEnd > MaxTarget || end > MaxLength || (end < 0 && bytes.Length > MaxLength) || (lineEnd < 0 && bytes.Length > MaxTarget))
        {
            return RequestHeadOutcome.Other;
        }

        if (lineEnd >= 0 && !TryReadTarget(bytes[..lineEnd], ref head))
        {
            return RequestHeadOutcome.Other;
        }

        if (end < 0)
        {
            return RequestHeadOutcome.Incomplete;
        }

        // 2. The fields.
        length = end + 4;
        return end == lineEnd || TryReadFields(bytes[(lineEnd + 2)..(end + 2)], ref head) ? RequestHeadOutcome.Complete : RequestHeadOutcome.Other;
    }

    static bool TryReadTarget(ReadOnlySpan<byte> line, ref RequestHead head)
    {
        if (!line.EndsWith(Version))
        {
            return false;
        }

        var target = line["GET ".Length..^Version.Length];
        if (target.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E) || target.Contains((byte)'#'))
        {
            return false;
        }

        var query = target.IndexOf((byte)'?');
        head = head with
        {
            Path = Encoding.ASCII.GetString(query < 0 ? target : target[..query]),
            Query = query < 0 ? "" : Encoding.ASCII.GetString(target[(query + 1)..]),
        };
        return true;
    }

    static bool TryReadFields(ReadOnlySpan<byte> fields, ref RequestHead head)
    {
        var (upgrades, version13) = (false, false);
        string? key = null;
        while (!fields.IsEmpty)
        {
            var end = fields.IndexOf("\r\n"u8);
            var colon = fields.IndexOf((byte)':');
            if (colon <= 0 || colon > end || fields[0] is (byte)' ' or (byte)'\t')
            {
                return false;
            }

            var name = fields[..colon];
            var value = Trim(fields[(colon + 1)..end]);
            fields = fields[(end + 2)..];
            if (Ascii.EqualsIgnoreCase(name, "content-length"u8) || Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
            {
                return false;   // a GET with a body is for others
            }

            if (Ascii.EqualsIgnoreCase(name, "upgrade"u8))
            {
                upgrades = Ascii.EqualsIgnoreCase(value, "websocket"u8);
            }
            else if (Ascii.EqualsIgnoreCase(name, "sec-websocket-version"u8))
            {
                version13 = value.SequenceEqual("13"u8);
            }
            else if (Ascii.EqualsIgnoreCase(name, "sec-websocket-key"u8))
            {
                key = value.Length == 24 && !value.ContainsAnyExcept(Base64) ? Encoding.ASCII.GetString(value) : "";
            }
            else if (Ascii.EqualsIgnoreCase(name, "authorization"u8))
            {
                head = head with { Authorization = Encoding.Latin1.GetString(value) };
            }
            else if (Ascii.EqualsIgnoreCase(name, "user-agent"u8))
            {
                head = head with { UserAgent = Encoding.Latin1.GetString(value) };
            }
            else if (Ascii.EqualsIgnoreCase(name, "x-forwarded-for"u8))
            {
                head = head with { IsForwarded = true };
            }
        }

        head = head with { WebSocketKey = upgrades && version13 ? key : null };
        return !upgrades || head.WebSocketKey is { Length: > 0 };
    }

    static readonly SearchValues<byte> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8);

    static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> value) => value.Trim(" \t"u8);
}
