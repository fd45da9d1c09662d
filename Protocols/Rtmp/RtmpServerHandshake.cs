using System.Buffers;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// The server's half of the handshake (RTMP 1.0 §5.2): C0 C1 in, S0 S1 S2 out at once, C2 in. A client that signs C1 gets the signed answer
/// in its own scheme, any other the plain one. What C2 holds is not checked: encoders that send rubbish there are many, and nothing depends
/// on it.
/// </summary>
sealed class RtmpServerHandshake(IBufferWriter<byte> output, Random random)
{
    const byte PlainVersion = 3;

    bool _answered;

    public bool IsDone { get; private set; }

    /// <summary>Whether the client signed its C1.</summary>
    public bool IsSigned { get; private set; }

    /// <summary>Takes what it can of <paramref name="buffer"/>; false if the peer speaks something else.</summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer)
    {
        if (!_answered)
        {
            if (new SequenceReader<byte>(buffer).TryPeek(out var version) && version != PlainVersion)
            {
                return false;
            }

            if (buffer.Length < 1 + RtmpDigest.PacketSize)
            {
                return true;
            }

            Span<byte> c1 = stackalloc byte[RtmpDigest.PacketSize];
            buffer.Slice(1, RtmpDigest.PacketSize).CopyTo(c1);
            buffer = buffer.Slice(1 + RtmpDigest.PacketSize);
            Answer(c1);
            _answered = true;
        }

        if (buffer.Length >= RtmpDigest.PacketSize)
        {
            buffer = buffer.Slice(RtmpDigest.PacketSize);
            IsDone = true;
        }

        return true;
    }

    void Answer(ReadOnlySpan<byte> c1)
    {
        const int Total = 1 + 2 * RtmpDigest.PacketSize;
        var answer = output.GetSpan(Total)[..Total];
        answer[0] = PlainVersion;
        var s1 = answer.Slice(1, RtmpDigest.PacketSize);
        var s2 = answer[(1 + RtmpDigest.PacketSize)..];
        random.NextBytes(s1);
        s1[..8].Clear();   // time 0; then 0 for plain, a version for signed

        // Bytes 4 to 7 are 0 in a plain C1 (§5.2.3) and a version in a signed one.
        IsSigned = c1[4..8].IndexOfAnyExcept((byte)0) >= 0 && TryAnswerSigned(c1, s1, s2);
        if (!IsSigned)
        {
            c1.CopyTo(s2);
        }

        output.Advance(Total);
    }

    bool TryAnswerSigned(ReadOnlySpan<byte> c1, Span<byte> s1, Span<byte> s2)
    {
        if (!RtmpDigest.TryFindClient(c1, out var scheme, out var place))
        {
            return false;
        }

        s1[4] = 5;   // any version but 0 tells the client to look for the digest
        RtmpDigest.SignServer(s1, scheme);
        random.NextBytes(s2);
        RtmpDigest.AnswerClient(s2, c1.Slice(place, RtmpDigest.Size));
        return true;
    }
}
