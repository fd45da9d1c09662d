using System.Text;
using Tributary.Media.Frames;

namespace Tributary.Grains.Frames.Links;

/// <summary>Reads the fields of one message. Any field that does not fit makes all that follow fail.</summary>
ref struct LinkDecoder(ReadOnlySpan<byte> body)
{
    const int MaxText = 1_024;
    const int MaxConfiguration = 64 * 1_024;

    ReadOnlySpan<byte> _rest = body;

    public bool Failed { get; private set; }

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public long Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_rest.IsEmpty)
            {
                break;
            }

            var part = _rest[0];
            _rest = _rest[1..];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return (long)value;
            }
        }

        Failed = true;
        return 0;
    }

    public long Signed()
    {
        var value = Number();
        return (long)((ulong)value >> 1) ^ -(value & 1);
    }

    public int Small(int limit)
    {
        var value = Number();
        if (value >= 0 && value <= limit)
        {
            return (int)value;
        }

        Failed = true;
        return 0;
    }

    public ReadOnlySpan<byte> Bytes(int limit)
    {
        var length = Small(Math.Min(limit, _rest.Length));
        if (Failed || length > _rest.Length)
        {
            Failed = true;
            return default;
        }

        var bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }

    public string Text(int limit = MaxText) => Encoding.UTF8.GetString(Bytes(limit));

    public TrackInfo Track()
    {
        var track = new TrackInfo
        {
            Id = Small(ushort.MaxValue),
            Codec = (Codec)Small((int)Codec.Flac),
            Timescale = Small(int.MaxValue),
            DecoderConfig = Bytes(MaxConfiguration).ToArray(),
            CodecString = Text(),
            Width = Small(ushort.MaxValue),
            Height = Small(ushort.MaxValue),
            MilliFramesPerSecond = Small(int.MaxValue),
            SampleRate = Small(int.MaxValue),
            Channels = Small(byte.MaxValue),
            SamplesPerFrame = Small(int.MaxValue),
            Language = Text(),
            DeclaredBitrate = Small(int.MaxValue),
        };
        Failed |= track.Codec == Codec.None || track.Timescale == 0;
        return track;
    }

    public SegmentMark? Segment()
    {
        var (msn, epoch, discontinuities, start) = (Number(), Number(), Number(), Signed());
        var (ticks, flags, target) = (Signed(), Small(3), Small(ushort.MaxValue));
        var (run, part) = (Signed(), Small(int.MaxValue));
        var (gaps, gapStart, gapTicks) = (Small(ushort.MaxValue), Signed(), Signed());
        Failed |= msn < 0 || epoch < 0 || discontinuities < 0 || ticks < 0 || ticks > DateTimeOffset.MaxValue.UtcTicks
            || gapTicks < 0 || gapTicks > DateTimeOffset.MaxValue.UtcTicks;
        return Failed ? null : new SegmentMark
        {
            Msn = msn,
            Epoch = epoch,
            DiscontinuitySequence = discontinuities,
            Start90k = start,
            ProgramDateTime = new DateTimeOffset(ticks, TimeSpan.Zero),
            StartsDiscontinuity = (flags & 1) != 0,
            Independent = (flags & 2) != 0,
            TargetDuration = target,
            RunStart90k = run,
            PartTarget90k = part,
            GapsBefore = gaps,
            GapStart90k = gapStart,
            GapTime = new DateTimeOffset(gapTicks, TimeSpan.Zero),
        };
    }
}
