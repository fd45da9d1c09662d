using System.Buffers.Binary;
using System.Text;
using Tributary.Media.Frames;

namespace Tributary.Media.Journal;

/// <summary>Reads the payload of one record. What does not fit is false: nothing here throws, and no length is trusted.</summary>
public ref struct JournalDecoder(ReadOnlySpan<byte> payload)
{
    /// <summary>Tracks that a journal may have.</summary>
    public const int MaxSlots = 64;

    ReadOnlySpan<byte> _rest = payload;
    bool _failed;

    public static bool TryRead(ReadOnlySpan<byte> payload, out JournalVolumeHead head)
    {
        var read = new JournalDecoder(payload);
        var (epoch, sequence, created) = (read.I64(), read.I32(), read.Time());
        head = new JournalVolumeHead(read.Text(), read.Text(), epoch, sequence, created);
        return read.IsWhole && epoch >= 0 && sequence >= 0;
    }

    public static bool TryRead(ReadOnlySpan<byte> payload, out JournalTrack? track)
    {
        var read = new JournalDecoder(payload);
        var (slot, codec) = (read.U8(), (Codec)read.U8());
        var (id, timescale, width, height, rate) = (read.I32(), read.I32(), read.I32(), read.I32(), read.I32());
        var (sampleRate, channels, samples, bitrate, initLength) = (read.I32(), read.I32(), read.I32(), read.I32(), read.I32());
        var (init, offset, name) = ((ulong)read.I64(), read.I64(), read.Text());
        var info = new TrackInfo
        {
            Id = id, Codec = codec, Timescale = timescale, Width = width, Height = height, MilliFramesPerSecond = rate, SampleRate = sampleRate,
            Channels = channels, SamplesPerFrame = samples, DeclaredBitrate = bitrate, CodecString = read.Text(), Language = read.Text(),
            DecoderConfig = read.Bytes().ToArray(),
        };
        track = new JournalTrack(slot, name, info, init, offset, initLength);
        return read.IsWhole && slot < MaxSlots && codec is > Codec.None and <= Codec.Flac && timescale > 0 && offset >= 0 && initLength >= 0
            && width >= 0 && height >= 0 && rate >= 0 && channels >= 0 && sampleRate >= 0 && IsName(name);
    }

    public static bool TryRead(ReadOnlySpan<byte> payload, out long msn, out SegmentMark? mark)
    {
        var read = new JournalDecoder(payload);
        msn = read.I64();
        var flags = read.U8();
        mark = (flags & 1) == 0 ? null : new SegmentMark
        {
            Msn = msn,
            StartsDiscontinuity = (flags & 2) != 0,
            Independent = (flags & 4) != 0,
            Epoch = read.I64(),
            DiscontinuitySequence = read.I64(),
            Start90k = read.I64(),
            RunStart90k = read.I64(),
            ProgramDateTime = read.Time(),
            TargetDuration = read.I32(),
            PartTarget90k = read.I32(),
            GapsBefore = read.I32(),
            GapStart90k = read.I64(),
            GapTime = read.Time(),
        };
        return read.IsWhole && msn >= 0 && (mark is null || mark.TargetDuration is >= 0 and < 1_000_000);
    }

    public static bool TryRead(ReadOnlySpan<byte> payload, out JournalPart part)
    {
        var read = new JournalDecoder(payload);
        var (slot, flags, number) = (read.U8(), read.U8(), read.I32());
        var (msn, epoch, offset, length, header) = (read.I64(), read.I64(), read.I64(), read.I32(), read.I32());
        part = new JournalPart(
            slot, msn, number, epoch, offset, length, header, read.I64(), read.I64(), read.I32(), (flags & 1) != 0, (uint)read.I32());
        return read.IsWhole && slot < MaxSlots && msn >= 0 && number >= 0 && offset is >= 0 and < long.MaxValue / 2 && length > 0
            && header > 0 && header <= length && part.Duration is >= 0 and < long.MaxValue / 1_000_000;
    }

    public static bool TryRead(ReadOnlySpan<byte> payload, out JournalSegmentEnd end)
    {
        var read = new JournalDecoder(payload);
        var (slot, flags) = (read.U8(), read.U8());
        end = new JournalSegmentEnd(slot, read.I64(), read.I64(), (flags & 1) != 0, read.I64(), read.I32());
        return read.IsWhole && slot < MaxSlots && end is { Msn: >= 0, Duration: >= 0 and < long.MaxValue / 1_000_000, Timescale: > 0 };
    }

    readonly bool IsWhole => !_failed && _rest.IsEmpty;

    // A rendition's name goes into file names and URLs.
    static bool IsName(string name) => name.Length is > 1 and <= 3 && name[0] is 'v' or 'a' && name.AsSpan(1).ContainsAnyExceptInRange('0', '9') is false;

    int U8() => Take(1) is { IsEmpty: false } bytes ? bytes[0] : 0;

    int I32() => Take(4) is { IsEmpty: false } bytes ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : 0;

    long I64() => Take(8) is { IsEmpty: false } bytes ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : 0;

    DateTimeOffset Time()
    {
        var ticks = I64();
        if (ticks < 0 || ticks > DateTimeOffset.MaxValue.UtcTicks)
        {
            _failed = true;
            return default;
        }

        return new DateTimeOffset(ticks, TimeSpan.Zero);
    }

    ReadOnlySpan<byte> Bytes()
    {
        var head = Take(2);
        return head.IsEmpty ? default : Take(BinaryPrimitives.ReadUInt16LittleEndian(head));
    }

    string Text() => Encoding.UTF8.GetString(Bytes());

    ReadOnlySpan<byte> Take(int count)
    {
        if (_failed || _rest.Length < count)
        {
            _failed = true;
            return default;
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
