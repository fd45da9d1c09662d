using System.Buffers.Binary;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Mp4;

/// <summary>What holds for samples whose fragment does not say it: trex, then tfhd (ISO/IEC 14496-12 §8.8.3, §8.8.7).</summary>
readonly record struct SampleDefaults(uint Duration, uint Size, uint Flags)
{
    /// <summary>Reads a trex box; false where it is cut short.</summary>
    public static bool TryReadTrex(ReadOnlySpan<byte> box, out uint track, out SampleDefaults defaults)
    {
        (track, defaults) = (0, default);
        if (box.Length < 24)
        {
            return false;
        }

        track = BinaryPrimitives.ReadUInt32BigEndian(box[4..]);
        defaults = new SampleDefaults(
            BinaryPrimitives.ReadUInt32BigEndian(box[12..]), BinaryPrimitives.ReadUInt32BigEndian(box[16..]), BinaryPrimitives.ReadUInt32BigEndian(box[20..]));
        return true;
    }
}

/// <summary>
/// Gathers the samples of one track from its fragments (ISO/IEC 14496-12 §8.8). What a track does not say of itself goes on from the fragment before:
/// the time without tfdt, the place without a data offset.
/// </summary>
sealed class TrackFragments(SampleDefaults defaults, long fileLength, int maxFrames)
{
    const uint HasBaseOffset = 0x01;
    const uint HasDescription = 0x02;
    const uint HasDuration = 0x08;
    const uint HasSize = 0x10;
    const uint HasFlags = 0x20;
    const uint BaseIsMoof = 0x02_0000;

    const uint RunHasDataOffset = 0x001;
    const uint RunHasFirstFlags = 0x004;
    const uint RunHasDuration = 0x100;
    const uint RunHasSize = 0x200;
    const uint RunHasFlags = 0x400;
    const uint RunHasComposition = 0x800;

    const uint NonSync = 0x0001_0000;
    const long LatestTime = long.MaxValue / 4;

    long _time;

    public FrameIndexBuilder Frames { get; } = new(maxFrames);

    /// <summary>Whether a frame was marked as no key frame.</summary>
    public bool HasDependentFrames { get; private set; }

    /// <summary>Whether there are more frames than are taken.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Adds a frame of the file's tables, which come before all fragments. False where there are too many.</summary>
    public bool TryAdd(in SourceFrame frame)
    {
        HasDependentFrames |= !frame.IsKey;
        _time = frame.DecodeTime + frame.Duration;
        return Frames.TryAdd(frame.Offset, frame.Size, frame.DecodeTime, frame.Duration, frame.CompositionOffset, frame.IsKey);
    }

    /// <summary>Adds the samples of a traf; frames beyond the end of the file are left out: a recording that broke off ends before them.</summary>
    /// <param name="traf">Payload of the box.</param>
    /// <param name="tfhd">Payload of its tfhd.</param>
    /// <param name="moofStart">Place of the moof.</param>
    /// <param name="dataEnd">Where data of the traf before ended, or the moof's place; where this one's ends.</param>
    /// <returns>False where a box is cut short.</returns>
    public bool TryAdd(ReadOnlySpan<byte> traf, ReadOnlySpan<byte> tfhd, long moofStart, ref long dataEnd)
    {
        var fields = new FieldReader(tfhd[4..]);
        var flags = BinaryPrimitives.ReadUInt32BigEndian(tfhd) & 0xFF_FFFF;
        fields.U32();   // track_ID
        var start = (flags & HasBaseOffset) != 0 ? fields.U64() : (flags & BaseIsMoof) != 0 ? moofStart : dataEnd;
        fields.Skip((flags & HasDescription) != 0 ? 4 : 0);
        var own = new SampleDefaults(
            (flags & HasDuration) != 0 ? fields.U32() : defaults.Duration,
            (flags & HasSize) != 0 ? fields.U32() : defaults.Size,
            (flags & HasFlags) != 0 ? fields.U32() : defaults.Flags);
        if (fields.Overrun || start < 0)
        {
            return false;
        }

        if (BoxReader.TryFind(traf, "tfdt"u8, out var tfdt))
        {
            var time = new FieldReader(tfdt);
            var isLong = time.U32() >> 24 == 1;
            _time = Math.Clamp(isLong ? time.U64() : time.U32(), 0, LatestTime);
            if (time.Overrun)
            {
                return false;
            }
        }

        dataEnd = start;
        var boxes = new BoxReader(traf);
        while (boxes.MoveNext())
        {
            if (boxes.Is("trun"u8) && !TryAddRun(boxes.Payload, own, start, ref dataEnd))
            {
                return false;
            }
        }

        return true;
    }

    bool TryAddRun(ReadOnlySpan<byte> trun, SampleDefaults own, long start, ref long dataEnd)
    {
        var fields = new FieldReader(trun);
        var flags = fields.U32() & 0xFF_FFFF;
        var count = fields.U32();
        var at = (flags & RunHasDataOffset) != 0 ? start + (int)fields.U32() : dataEnd;
        var firstFlags = (flags & RunHasFirstFlags) != 0 ? fields.U32() : default(uint?);
        for (var i = 0u; i < count && !fields.Overrun; i++)
        {
            var duration = (flags & RunHasDuration) != 0 ? fields.U32() : own.Duration;
            var size = (flags & RunHasSize) != 0 ? fields.U32() : own.Size;
            var sampleFlags = (flags & RunHasFlags) != 0 ? fields.U32() : own.Flags;
            var composition = (flags & RunHasComposition) != 0 ? (int)fields.U32() : 0;
            sampleFlags = i == 0 ? firstFlags ?? sampleFlags : sampleFlags;
            if (fields.Overrun || duration > int.MaxValue || size > int.MaxValue || at < 0)
            {
                return false;
            }

            if (at + size > fileLength)
            {
                return true;
            }

            if (!Add(at, (int)size, (int)duration, composition, (sampleFlags & NonSync) == 0))
            {
                IsFull = true;
                return false;
            }

            (at, _time) = (at + size, Math.Min(_time + duration, LatestTime));
        }

        dataEnd = at;
        return !fields.Overrun;
    }

    bool Add(long at, int size, int duration, int composition, bool isKey)
    {
        HasDependentFrames |= !isKey;
        return Frames.TryAdd(at, size, _time, duration, composition, isKey);
    }
}
