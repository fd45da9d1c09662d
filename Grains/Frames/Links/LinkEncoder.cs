using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Tributary.Media.Frames;

namespace Tributary.Grains.Frames.Links;

/// <summary>Builds one link message at a time, in a buffer that is used again for the next.</summary>
sealed class LinkEncoder
{
    const int HeadLength = 4;

    readonly ArrayBufferWriter<byte> _message = new(512);
    readonly byte[] _head = new byte[HeadLength];

    public LinkEncoder Begin(LinkMessageType type, int subscription)
    {
        _message.ResetWrittenCount();
        _message.GetSpan(1)[0] = (byte)type;
        _message.Advance(1);
        return Number(subscription);
    }

    public LinkEncoder Number(long value)
    {
        var span = _message.GetSpan(10);
        var used = 0;
        var bits = (ulong)value;
        for (; bits >= 0x80; bits >>= 7)
        {
            span[used++] = (byte)(bits | 0x80);
        }

        span[used++] = (byte)bits;
        _message.Advance(used);
        return this;
    }

    public LinkEncoder Signed(long value) => Number(value << 1 ^ value >> 63);

    public LinkEncoder Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        _message.Write(value);
        return this;
    }

    public LinkEncoder Text(string value)
    {
        Number(Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, _message);
        return this;
    }

    public LinkEncoder Track(TrackInfo track) =>
        Number(track.Id).Number((int)track.Codec).Number(track.Timescale).Bytes(track.DecoderConfig.Span).Text(track.CodecString)
            .Number(track.Width).Number(track.Height).Number(track.MilliFramesPerSecond).Number(track.SampleRate).Number(track.Channels)
            .Number(track.SamplesPerFrame).Text(track.Language).Number(track.DeclaredBitrate);

    public LinkEncoder Segment(SegmentMark mark) =>
        Number(mark.Msn).Number(mark.Epoch).Number(mark.DiscontinuitySequence).Signed(mark.Start90k)
            .Signed(mark.ProgramDateTime.UtcTicks).Number((mark.StartsDiscontinuity ? 1 : 0) | (mark.Independent ? 2 : 0))
            .Number(mark.TargetDuration).Signed(mark.RunStart90k).Number(mark.PartTarget90k)
            .Number(mark.GapsBefore).Signed(mark.GapStart90k).Signed(mark.GapTime.UtcTicks);

    /// <summary>Writes the message. <paramref name="payload"/> more bytes, which the caller writes next, count as its end.</summary>
    public void Complete(IBufferWriter<byte> output, int payload = 0)
    {
        BinaryPrimitives.WriteInt32BigEndian(_head, _message.WrittenCount + payload);
        output.Write(_head);
        output.Write(_message.WrittenSpan);
    }
}
