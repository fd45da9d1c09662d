using System.Buffers;
using Tributary.Media.Frames;

namespace Tributary.Grains.Frames.Links;

/// <summary>
/// The publishing end of one subscription on a link: turns batches into messages. A configuration or a segment is described once, when the first
/// frame that names it is sent.
/// </summary>
public sealed class LinkWriter(int subscription)
{
    readonly LinkEncoder _encoder = new();
    readonly Dictionary<TrackInfo, int> _tracks = new(ReferenceEqualityComparer.Instance);
    SegmentMark? _current;
    SegmentMark? _previous;
    int _nextTrack;

    /// <summary>Writes the frames of <paramref name="batch"/> and its signal. Nothing is kept.</summary>
    public void Write(IBufferWriter<byte> output, in FrameBatch batch)
    {
        foreach (ref readonly var marked in batch.Frames.Span)
        {
            Write(output, marked);
        }

        if (batch.Signal != StreamSignal.None)
        {
            _encoder.Begin(LinkMessageType.Signal, subscription).Number((int)batch.Signal).Complete(output);
        }
    }

    /// <summary>Writes one frame, and what must be known before it.</summary>
    public void Write(IBufferWriter<byte> output, in MarkedFrame marked)
    {
        var frame = marked.Frame;
        var track = Describe(output, frame.Track);
        Describe(output, marked.Segment);
        foreach (var said in frame.Metadata ?? [])
        {
            _encoder.Begin(LinkMessageType.Metadata, subscription).Signed(said.Offset90k).Text(said.Text).Complete(output);
        }

        _encoder.Begin(LinkMessageType.Frame, subscription).Number(track).Number(marked.Segment.Msn).Number(marked.Part)
            .Signed(frame.Dts).Signed(frame.CompositionOffset).Number(frame.Duration).Number((int)frame.Flags)
            .Complete(output, frame.Data.Length);
        output.Write(frame.Data.Span);
    }

    /// <summary>Tells the other end that it gets no frames, and why.</summary>
    public void WriteRefusal(IBufferWriter<byte> output, string sentence) =>
        _encoder.Begin(LinkMessageType.Refused, subscription).Text(sentence).Complete(output);

    /// <summary>Tells the other end that it has all that it asked for of the past.</summary>
    public void WriteCaughtUp(IBufferWriter<byte> output) => _encoder.Begin(LinkMessageType.CaughtUp, subscription).Complete(output);

    int Describe(IBufferWriter<byte> output, TrackInfo track)
    {
        if (_tracks.TryGetValue(track, out var number))
        {
            return number;
        }

        if (_tracks.Count >= LinkReader.MaxTracks)
        {
            _tracks.Clear();   // the reader forgets the oldest in the same way: numbers go round
        }

        number = _nextTrack++ % LinkReader.MaxTracks;
        _tracks[track] = number;
        _encoder.Begin(LinkMessageType.Track, subscription).Number(number).Track(track).Complete(output);
        return number;
    }

    void Describe(IBufferWriter<byte> output, SegmentMark segment)
    {
        if (ReferenceEquals(segment, _current) || ReferenceEquals(segment, _previous))
        {
            return;
        }

        (_previous, _current) = (_current, segment);
        _encoder.Begin(LinkMessageType.Segment, subscription).Segment(segment).Complete(output);
    }
}
