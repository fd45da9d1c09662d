using System.Buffers;
using Tributary.Media.Frames;

namespace Tributary.Grains.Frames.Links;

/// <summary>The subscribing end of one subscription on a link: turns messages into frames. Trusts no length.</summary>
public sealed class LinkReader(FrameArena arena)
{
    /// <summary>Configurations that a subscription has at the same time.</summary>
    public const int MaxTracks = 64;

    const int MaxFrameFields = 96;              // eight numbers
    const int MaxDescription = 128 * 1_024;     // a track's or a segment's

    readonly TrackInfo?[] _tracks = new TrackInfo?[MaxTracks];
    TimedMetadata[]? _metadata;   // of the frame that comes next
    SegmentMark? _current;
    SegmentMark? _previous;

    /// <summary>Why the other end has no frames for us; set with <see cref="LinkReadResult.Refused"/>.</summary>
    public string Refusal { get; private set; } = "";

    /// <summary>Reads one message of this subscription.</summary>
    public LinkReadResult Read(in LinkMessage message, out MarkedFrame frame, out StreamSignal signal)
    {
        (frame, signal) = (default, StreamSignal.None);

        // The fields of a frame are short: they are read from the first bytes, and only the coded bytes are copied, once, into frame memory.
        if (message.Type == LinkMessageType.Frame)
        {
            Span<byte> fields = stackalloc byte[MaxFrameFields];
            fields = fields[..(int)Math.Min(MaxFrameFields, message.Body.Length)];
            message.Body.Slice(0, fields.Length).CopyTo(fields);
            return ReadFrame(message.Body, fields, out frame);
        }

        return message.Body.Length > MaxDescription ? LinkReadResult.Malformed : ReadOther(message.Type, message.Body.ToArray(), out signal);
    }

    LinkReadResult ReadOther(LinkMessageType type, ReadOnlySpan<byte> body, out StreamSignal signal)
    {
        signal = StreamSignal.None;
        var decoder = new LinkDecoder(body);
        switch (type)
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

            case LinkMessageType.Signal:
                signal = (StreamSignal)decoder.Small((int)StreamSignal.SourceChanged);
                return Done(decoder, signal == StreamSignal.None ? LinkReadResult.Malformed : LinkReadResult.Batch);

            case LinkMessageType.Metadata:
                var offset = decoder.Signed();
                var text = decoder.Text(TimedMetadata.MaxLength);
                if (decoder.Failed || offset != (int)offset || _metadata?.Length >= TimedMetadata.MaxPerFrame)
                {
                    return LinkReadResult.Malformed;
                }

                _metadata = [.. _metadata ?? [], new TimedMetadata((int)offset, text)];
                return Done(decoder, LinkReadResult.Prepared);

            case LinkMessageType.Refused:
                Refusal = decoder.Text();
                return Done(decoder, LinkReadResult.Refused);

            default:
                return LinkReadResult.Prepared;   // what a later version says in addition: a cluster is upgraded node by node
        }
    }

    LinkReadResult ReadFrame(in ReadOnlySequence<byte> body, ReadOnlySpan<byte> fields, out MarkedFrame frame)
    {
        frame = default;
        var decoder = new LinkDecoder(fields);
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

        var coded = body.Slice(fields.Length - decoder.Rest.Length);
        var data = arena.Allocate((int)coded.Length);
        coded.CopyTo(data.Writable);
        frame = new MarkedFrame(new Frame(track, data, dts, (int)offset, duration, flags) { Metadata = _metadata }, segment, part);
        _metadata = null;
        return LinkReadResult.Batch;
    }

    static LinkReadResult Done(in LinkDecoder decoder, LinkReadResult result) => decoder.Failed ? LinkReadResult.Malformed : result;
}
