using System.Buffers;
using System.Buffers.Binary;

namespace Tributary.Grains.Frames.Links;

public enum LinkReadResult
{
    /// <summary>A message was read that only prepares others; read on.</summary>
    Prepared,

    /// <summary>A frame, whose reference is the caller's, or a signal.</summary>
    Batch,

    /// <summary>The other end does not have the stream.</summary>
    Refused,

    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>The bytes are no link message: close the connection.</summary>
    Malformed,
}

/// <summary>One message as it lies on the wire: what kind, for which subscription, and the fields after that.</summary>
public readonly record struct LinkMessage(LinkMessageType Type, int Subscription, ReadOnlySequence<byte> Body)
{
    /// <summary>Bytes of the largest message taken.</summary>
    public const int DefaultMaxLength = 16 * 1_024 * 1_024;

    const int HeadLength = 4;
    const int MaxPrefix = 1 + 5;   // type, subscription

    /// <summary>
    /// Takes one message off the front of <paramref name="input"/>: <see cref="LinkReadResult.Prepared"/> with a message,
    /// <see cref="LinkReadResult.Incomplete"/> or <see cref="LinkReadResult.Malformed"/>.
    /// </summary>
    public static LinkReadResult TryTake(ref ReadOnlySequence<byte> input, out LinkMessage message, int maxLength = DefaultMaxLength)
    {
        message = default;
        if (input.Length < HeadLength)
        {
            return LinkReadResult.Incomplete;
        }

        Span<byte> start = stackalloc byte[MaxPrefix];
        input.Slice(0, HeadLength).CopyTo(start);
        var length = BinaryPrimitives.ReadUInt32BigEndian(start);
        if (length < 2 || length > maxLength)
        {
            return LinkReadResult.Malformed;
        }

        if (input.Length < HeadLength + length)
        {
            return LinkReadResult.Incomplete;
        }

        var whole = input.Slice(HeadLength, length);
        var prefix = start[..(int)Math.Min(MaxPrefix, length)];
        whole.Slice(0, prefix.Length).CopyTo(prefix);
        var decoder = new LinkDecoder(prefix[1..]);
        var subscription = decoder.Small(int.MaxValue);
        if (decoder.Failed)
        {
            return LinkReadResult.Malformed;
        }

        input = input.Slice(whole.End);
        message = new LinkMessage((LinkMessageType)prefix[0], subscription, whole.Slice(prefix.Length - decoder.Rest.Length));
        return LinkReadResult.Prepared;
    }
}
