using System.Buffers.Binary;
using Tributary.Media.Frames;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// An aggregate message (RTMP 1.0 §7.1.6): several messages as FLV tags, each followed by a back pointer, in one payload. Their times count
/// from the first one, which has the time of the aggregate. Gives its parts one after another; each shares the payload's memory with a
/// reference of its own.
/// </summary>
struct RtmpAggregate : IDisposable
{
    const int TagHeader = 11, BackPointer = 4;

    FrameData _payload;
    uint _streamId;
    uint _shift;
    int _at;

    /// <summary>Checks all lengths at once, then holds a reference to the payload until the last part is out.</summary>
    public static bool TryOpen(in RtmpRawMessage message, out RtmpAggregate aggregate)
    {
        aggregate = default;
        var bytes = message.Payload.Span;
        for (var at = 0; at < bytes.Length;)
        {
            var tag = bytes[at..];
            if (tag.Length < TagHeader || tag.Length - TagHeader < TagLength(tag) || TagType(tag) == RtmpMessageType.Aggregate)
            {
                return false;
            }

            at += TagHeader + TagLength(tag) + BackPointer;   // peers exist that leave the last back pointer out
        }

        if (!bytes.IsEmpty)
        {
            message.Payload.Retain();
            aggregate._payload = message.Payload;
            aggregate._streamId = message.StreamId;
            aggregate._shift = message.Timestamp - TagTime(bytes);
        }

        return true;
    }

    public bool TryNext(out RtmpRawMessage message)
    {
        if (_at >= _payload.Length)
        {
            Dispose();
            message = default;
            return false;
        }

        var tag = _payload.Span[_at..];
        var part = _payload.Slice(_at + TagHeader, TagLength(tag));
        part.Retain();
        message = new RtmpRawMessage(TagType(tag), _streamId, TagTime(tag) + _shift, part);
        _at += TagHeader + part.Length + BackPointer;
        return true;
    }

    public void Dispose()
    {
        _payload.Release();
        this = default;
    }

    static RtmpMessageType TagType(ReadOnlySpan<byte> tag) => (RtmpMessageType)tag[0];

    static int TagLength(ReadOnlySpan<byte> tag) => tag[1] << 16 | tag[2] << 8 | tag[3];

    static uint TagTime(ReadOnlySpan<byte> tag) => BinaryPrimitives.ReadUInt32BigEndian(tag[4..]) >> 8 | (uint)tag[7] << 24;
}
