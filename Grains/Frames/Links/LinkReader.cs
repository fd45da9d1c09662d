using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Frames;

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

/// <summary>The subscribing end of one subscription on a link: turns messages into frames. Trusts no length.</summary>
public sealed class LinkReader(int subscription, FrameArena arena, int maxMessage = LinkReader.DefaultMaxMessage)
{
    /// <summary>Configurations that a subscription has at the same time.</summary>
    public const int MaxTracks = 64;

    /// <summary>Bytes of the largest message taken.</summary>
    public const int DefaultMaxMessage = 16 * 1_024 * 1_024;

    const int HeadLength = 4;
    const int MaxDescription = 128 * 1_024;   // a track's or a segment's

    readonly TrackInfo?[] _tracks = new TrackInfo?[MaxTracks];
    SegmentMark? _current;
    SegmentMark? _previous;

    /// <summary>Why the other end has no frames for us; set with <see cref="LinkReadResult.Refused"/>.</summary>
    public string Refusal { get; private set; } = "";

    /// <summary>Reads one message off the front of <paramref name="input"/>.</summary>
    public LinkReadResult TryRead(ref ReadOnlySequence<byte> input, out MarkedFrame frame, out StreamSignal signal)
    {
        (frame, signal) = (default, StreamSignal.None);
        if (input.Length < HeadLength)
        {
            return LinkReadResult.Incomplete;
        }

        Span<byte> head = stackalloc byte[HeadLength];
        input.Slice(0, HeadLength).CopyTo(head);
        var length = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (length == 0 || length > maxMessage)
        {
            return LinkReadResult.Malformed;
        }

        if (input.Length < HeadLength + length)
        {
            return LinkReadResult.Incomplete;
        }

        var message = input.Slice(HeadLength, length);
        input = input.Slice(message.End);
        return Read(message, out frame, out signal);
    }

    LinkReadResult Read(in ReadOnlySequence<byte> message, out MarkedFrame frame, out StreamSignal signal)
    {
        // The fields of a frame are short: they are read from the first bytes, and only the coded bytes are copied, once, into frame memory.
        Span<byte> start = stackalloc byte[128];
        var isFrame = message.FirstSpan[0] == (byte)LinkMessageType.Frame;
        (frame, signal) = (default, StreamSignal.None);
        if (!isFrame && message.Length > MaxDescription)
        {
            return LinkReadResult.Malformed;
        }

        var fields = isFrame
            ? start[..(int)Math.Min(start.Length, message.Length)]
            : new byte[message.Length];
        message.Slice(0, fields.Length).CopyTo(fields);
        var decoder = new LinkDecoder(fields[1..]);
        if (decoder.Small(int.MaxValue) != subscription)
        {
            return LinkReadResult.Malformed;
        }

        switch ((LinkMessageType)fields[0])
        {
            case LinkMessageType.Track:
                var number = decoder.Small(MaxTracks - 1);
                var track = decoder.Track();
                if (!decoder.Failed)
                {
                    _tracks[number] = track;
                }

                return Done(decoder, LinkReadResult.Prepared);

            case LinkMessageType.Segment:
                if (decoder.Segment() is { } segment)
                {
                    (_previous, _current) = (_current, segment);
                }

                return Done(decoder, LinkReadResult.Prepared);

            case LinkMessageType.Frame:
                return ReadFrame(message, fields.Length, decoder, out frame);

            case LinkMessageType.Signal:
                signal = (StreamSignal)decoder.Small((int)StreamSignal.OffAir);
                return Done(decoder, signal == StreamSignal.None ? LinkReadResult.Malformed : LinkReadResult.Batch);

            case LinkMessageType.Refused:
                Refusal = decoder.Text();
                return Done(decoder, LinkReadResult.Refused);

            default:
                return LinkReadResult.Malformed;
        }
    }

    LinkReadResult ReadFrame(in ReadOnlySequence<byte> message, int read, LinkDecoder decoder, out MarkedFrame frame)
    {
        frame = default;
        var track = _tracks[decoder.Small(MaxTracks - 1)];
        var msn = decoder.Number();
        var part = decoder.Small(ushort.MaxValue);
        var (dts, offset, duration) = (decoder.Signed(), decoder.Signed(), decoder.Small(int.MaxValue));
        var flags = (FrameFlags)decoder.Small((int)(FrameFlags.Key | FrameFlags.Disposable));
        var segment = _current?.Msn == msn ? _current : _previous?.Msn == msn ? _previous : null;
        if (decoder.Failed || track is null || segment is null || offset != (int)offset)
        {
            return LinkReadResult.Malformed;
        }

        var coded = message.Slice(read - decoder.Rest.Length);
        var data = arena.Allocate((int)coded.Length);
        coded.CopyTo(data.Writable);
        frame = new MarkedFrame(new Frame(track, data, dts, (int)offset, duration, flags), segment, part);
        return LinkReadResult.Batch;
    }

    static LinkReadResult Done(in LinkDecoder decoder, LinkReadResult result) => decoder.Failed ? LinkReadResult.Malformed : result;
}
