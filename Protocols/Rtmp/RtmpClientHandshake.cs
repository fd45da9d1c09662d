using System.Buffers;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// The client's half of the handshake (RTMP 1.0 §5.2): C0 C1 out, S0 S1 S2 in, C2 out. It signs where asked to, and then checks the answer.
/// </summary>
sealed class RtmpClientHandshake(IBufferWriter<byte> output, Random random, int? scheme)
{
    const byte PlainVersion = 3;

    readonly byte[] _c1 = new byte[RtmpDigest.PacketSize];

    public bool IsDone { get; private set; }

    public void Start()
    {
        random.NextBytes(_c1);
        _c1.AsSpan(0, 8).Clear();
        if (scheme is { } place)
        {
            (_c1[4], _c1[5], _c1[6], _c1[7]) = (9, 0, 124, 2);   // a Flash version: any that is not 0
            RtmpDigest.SignClient(_c1, place);
        }

        output.Write([PlainVersion]);
        output.Write(_c1);
    }

    /// <summary>
    /// Takes S0 S1 S2 from the front of <paramref name="buffer"/> once they are there; false if they are not what the handshake asks for.
    /// </summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer)
    {
        const int Total = 1 + 2 * RtmpDigest.PacketSize;
        if (buffer.Length < Total)
        {
            return true;
        }

        Span<byte> answer = stackalloc byte[Total];
        buffer.Slice(0, Total).CopyTo(answer);
        buffer = buffer.Slice(Total);
        var s1 = answer.Slice(1, RtmpDigest.PacketSize);
        var s2 = answer[(1 + RtmpDigest.PacketSize)..];
        if (answer[0] != PlainVersion)
        {
            return false;
        }

        IsDone = true;
        return scheme is null ? AnswerPlain(s1) : AnswerSigned(s1, s2);
    }

    bool AnswerPlain(ReadOnlySpan<byte> s1)
    {
        output.Write(s1);
        return true;
    }

    // A server that does not sign answers a signed C1 plainly; that is legal.
    bool AnswerSigned(ReadOnlySpan<byte> s1, ReadOnlySpan<byte> s2)
    {
        if (!RtmpDigest.TryFindServer(s1, out _, out var place))
        {
            return AnswerPlain(s1);
        }

        RtmpDigest.TryFindClient(_c1, out _, out var own);
        if (!RtmpDigest.IsAnswerToClient(s2, _c1.AsSpan(own, RtmpDigest.Size)))
        {
            return false;
        }

        Span<byte> c2 = stackalloc byte[RtmpDigest.PacketSize];
        random.NextBytes(c2);
        RtmpDigest.AnswerServer(c2, s1.Slice(place, RtmpDigest.Size));
        output.Write(c2);
        return true;
    }
}
