using System.Security.Cryptography;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// The "complex" handshake that Flash introduced and that many encoders and relays speak: C1 and S1 carry an HMAC-SHA256 of themselves at a
/// place that four of their bytes choose, in one of two schemes; C2 and S2 end with an HMAC keyed by the other side's. Not in Adobe's
/// specification; as peers do it.
/// </summary>
static class RtmpDigest
{
    public const int PacketSize = 1536;
    public const int Size = 32;

    /// <summary>The two places where the four bytes that choose the digest's place may stand.</summary>
    const int Scheme0 = 8, Scheme1 = 772;

    const int OffsetBytes = 4, OffsetRange = 728;

    static ReadOnlySpan<byte> PlayerName => "Genuine Adobe Flash Player 001"u8;

    static ReadOnlySpan<byte> ServerName => "Genuine Adobe Flash Media Server 001"u8;

    static readonly byte[] Tail = Convert.FromHexString("F0EEC24A8068BEE82E00D0D1029E7E576EEC5D2D29806FAB93B8E636CFEB31AE");

    public static bool TryFindClient(ReadOnlySpan<byte> c1, out int scheme, out int place) =>
        TryFind(c1, PlayerName, out scheme, out place);

    public static bool TryFindServer(ReadOnlySpan<byte> s1, out int scheme, out int place) =>
        TryFind(s1, ServerName, out scheme, out place);

    /// <summary>Puts a client's digest into C1.</summary>
    public static void SignClient(Span<byte> c1, int scheme) => Sign(c1, scheme, PlayerName);

    /// <summary>Puts a server's digest into S1.</summary>
    public static void SignServer(Span<byte> s1, int scheme) => Sign(s1, scheme, ServerName);

    /// <summary>Ends S2 with the answer to the digest of C1.</summary>
    public static void AnswerClient(Span<byte> s2, ReadOnlySpan<byte> clientDigest) => Answer(s2, clientDigest, ServerName);

    /// <summary>Ends C2 with the answer to the digest of S1.</summary>
    public static void AnswerServer(Span<byte> c2, ReadOnlySpan<byte> serverDigest) => Answer(c2, serverDigest, PlayerName);

    public static bool IsAnswerToClient(ReadOnlySpan<byte> s2, ReadOnlySpan<byte> clientDigest)
    {
        Span<byte> expected = stackalloc byte[PacketSize];
        s2.CopyTo(expected);
        AnswerClient(expected, clientDigest);
        return expected.SequenceEqual(s2);
    }

    static bool TryFind(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> key, out int scheme, out int place)
    {
        Span<byte> digest = stackalloc byte[Size];
        for (scheme = 0; scheme < 2; scheme++)
        {
            place = Place(packet, scheme);
            Compute(packet, place, key, digest);
            if (digest.SequenceEqual(packet.Slice(place, Size)))
            {
                return true;
            }
        }

        (scheme, place) = (0, 0);
        return false;
    }

    static void Sign(Span<byte> packet, int scheme, ReadOnlySpan<byte> key)
    {
        var place = Place(packet, scheme);
        Span<byte> digest = stackalloc byte[Size];
        Compute(packet, place, key, digest);
        digest.CopyTo(packet[place..]);
    }

    static int Place(ReadOnlySpan<byte> packet, int scheme)
    {
        var at = scheme == 0 ? Scheme0 : Scheme1;
        var sum = packet[at] + packet[at + 1] + packet[at + 2] + packet[at + 3];
        return at + OffsetBytes + sum % OffsetRange;
    }

    // Over the packet without the digest itself.
    static void Compute(ReadOnlySpan<byte> packet, int place, ReadOnlySpan<byte> key, Span<byte> digest)
    {
        Span<byte> rest = stackalloc byte[PacketSize - Size];
        packet[..place].CopyTo(rest);
        packet[(place + Size)..].CopyTo(rest[place..]);
        HMACSHA256.HashData(key, rest, digest);
    }

    static void Answer(Span<byte> packet, ReadOnlySpan<byte> peerDigest, ReadOnlySpan<byte> name)
    {
        Span<byte> key = stackalloc byte[name.Length + Tail.Length];
        name.CopyTo(key);
        Tail.CopyTo(key[name.Length..]);
        Span<byte> inner = stackalloc byte[Size];
        HMACSHA256.HashData(key, peerDigest, inner);
        HMACSHA256.HashData(inner, packet[..(PacketSize - Size)], packet[(PacketSize - Size)..]);
    }
}
