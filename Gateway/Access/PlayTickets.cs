using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access;

namespace Tributary.Gateway.Access;

/// <summary>What a ticket says.</summary>
/// <param name="Session">The viewer's session.</param>
/// <param name="Expires">Until when it may watch.</param>
readonly record struct PlayTicket(Guid Session, DateTimeOffset Expires);

/// <summary>
/// Tickets stand for a viewer's token in the addresses that playlists name: short, for one stream, good at every gateway, and as long as the viewer may
/// watch. Layout, in base64url: version, prefix length or 255, expiry (Unix seconds, 4 bytes), session (16), network (16 where bound), and 16 bytes of
/// HMAC-SHA256 over all of it and the stream's name.
/// </summary>
public sealed class PlayTickets(IOptions<AccessOptions> options)
{
    const byte Version = 1, Unbound = 255;
    const int HeadLength = 22, NetworkLength = 16, MacLength = 16, Longest = HeadLength + NetworkLength + MacLength;

    readonly byte[] _key = SHA256.HashData(Encoding.UTF8.GetBytes("tributary play ticket\0" + options.Value.Sessions.TicketSecret));

    internal string Write(string stream, PlayTicket ticket, AddressRange? bound)
    {
        Span<byte> bytes = stackalloc byte[Longest];
        bytes[0] = Version;
        bytes[1] = bound is { } range ? (byte)range.Prefix : Unbound;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[2..], (uint)Math.Clamp(ticket.Expires.ToUnixTimeSeconds(), 0, uint.MaxValue));
        ticket.Session.TryWriteBytes(bytes[6..]);
        var length = HeadLength;
        if (bound is { } network)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes[HeadLength..], network.Network);
            length += NetworkLength;
        }

        Mac(stream, bytes[..length], bytes[length..(length + MacLength)]);
        return Base64Url.EncodeToString(bytes[..(length + MacLength)]);
    }

    /// <summary>Whether the ticket is one of ours, for this stream and address, and not over.</summary>
    internal bool TryRead(string text, string stream, IPAddress address, DateTimeOffset now, out PlayTicket ticket)
    {
        ticket = default;
        Span<byte> bytes = stackalloc byte[Longest];
        if (text.Length > Base64Url.GetEncodedLength(Longest) || !Base64Url.TryDecodeFromChars(text, bytes, out var length) || length < HeadLength + MacLength)
        {
            return false;
        }

        var isBound = bytes[1] != Unbound;
        var body = bytes[..(length - MacLength)];
        Span<byte> expected = stackalloc byte[MacLength];
        if (bytes[0] != Version || body.Length != HeadLength + (isBound ? NetworkLength : 0))
        {
            return false;
        }

        Mac(stream, body, expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, bytes[(length - MacLength)..length]))
        {
            return false;
        }

        ticket = new PlayTicket(new Guid(bytes.Slice(6, 16)), DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(bytes[2..])));
        return now < ticket.Expires
            && (!isBound || new AddressRange(BinaryPrimitives.ReadUInt128BigEndian(bytes[HeadLength..]), bytes[1]).Contains(address));
    }

    void Mac(string stream, ReadOnlySpan<byte> body, Span<byte> mac)
    {
        Span<byte> input = stackalloc byte[Longest + 512];
        body.CopyTo(input);
        var named = Encoding.UTF8.GetBytes(stream, input[body.Length..]);
        Span<byte> whole = stackalloc byte[32];
        HMACSHA256.HashData(_key, input[..(body.Length + named)], whole);
        whole[..MacLength].CopyTo(mac);
    }
}
