using System.Buffers.Binary;

namespace Tributary.Media.Containers.Mp4;

/// <summary>One sample as a fragment or a movie describes it. Times in ticks of its track.</summary>
public readonly record struct MovieSample(int Size, uint Duration, int CompositionOffset, bool IsKey);

/// <summary>Reads the samples of the first track fragment of a moof box (ISO/IEC 14496-12 §8.8): tfhd, tfdt and its runs.</summary>
public static class MovieFragment
{
    const uint NonSync = 0x0001_0000;

    /// <summary>
    /// Most samples of a fragment. Ours hold a second; a run of samples that differ in nothing takes no bytes for each, so its count cannot be checked by its
    /// length.
    /// </summary>
    const int MaxSamples = 1 << 16;

    /// <summary>False where a box is not whole or says what cannot be. <paramref name="moof"/> is the box's payload.</summary>
    public static bool TryRead(ReadOnlySpan<byte> moof, List<MovieSample> samples, out long dts)
    {
        dts = 0;
        samples.Clear();
        if (!BoxReader.TryFind(moof, "traf"u8, out var traf) || !BoxReader.TryFind(traf, "tfhd"u8, out var header) || !TryReadDefaults(header, out var defaults)
            || !BoxReader.TryFind(traf, "tfdt"u8, out var time) || !TryReadTime(time, out dts))
        {
            return false;
        }

        var boxes = new BoxReader(traf);
        while (boxes.MoveNext())
        {
            if (boxes.Is("trun"u8) && !TryReadRun(boxes.Payload, defaults, samples))
            {
                return false;
            }
        }

        return !boxes.Malformed;
    }

    readonly record struct Defaults(uint Duration, uint Size, uint Flags);

    static bool TryReadDefaults(ReadOnlySpan<byte> box, out Defaults defaults)
    {
        defaults = default;
        if (box.Length < 8)
        {
            return false;
        }

        var flags = BinaryPrimitives.ReadUInt32BigEndian(box) & 0xFF_FFFF;
        var at = 8 + ((flags & 1) != 0 ? 8 : 0) + ((flags & 2) != 0 ? 4 : 0);
        var whole = TryTake(box, ref at, (flags & 8) != 0, out var duration);
        whole &= TryTake(box, ref at, (flags & 0x10) != 0, out var size);
        whole &= TryTake(box, ref at, (flags & 0x20) != 0, out var sampleFlags);
        defaults = new Defaults(duration, size, sampleFlags);
        return whole;
    }

    static bool TryReadTime(ReadOnlySpan<byte> box, out long dts)
    {
        var whole = box.Length >= 8 && (box[0] == 0 || box.Length >= 12);
        dts = !whole ? 0 : box[0] == 0 ? BinaryPrimitives.ReadUInt32BigEndian(box[4..]) : BinaryPrimitives.ReadInt64BigEndian(box[4..]);
        return whole && dts >= 0;
    }

    static bool TryReadRun(ReadOnlySpan<byte> box, Defaults defaults, List<MovieSample> samples)
    {
        if (box.Length < 8)
        {
            return false;
        }

        var flags = BinaryPrimitives.ReadUInt32BigEndian(box) & 0xFF_FFFF;
        var count = BinaryPrimitives.ReadUInt32BigEndian(box[4..]);
        var at = 8 + ((flags & 1) != 0 ? 4 : 0);
        if (!TryTake(box, ref at, (flags & 4) != 0, out var firstFlags))
        {
            return false;
        }

        if (count > MaxSamples - samples.Count)
        {
            return false;
        }

        for (var index = 0; index < count; index++)
        {
            var whole = TryTake(box, ref at, (flags & 0x100) != 0, out var duration) & TryTake(box, ref at, (flags & 0x200) != 0, out var size)
                & TryTake(box, ref at, (flags & 0x400) != 0, out var own) & TryTake(box, ref at, (flags & 0x800) != 0, out var offset);
            size = (flags & 0x200) != 0 ? size : defaults.Size;
            if (!whole || size > int.MaxValue)
            {
                return false;
            }

            own = (flags & 0x400) != 0 ? own : index == 0 && (flags & 4) != 0 ? firstFlags : defaults.Flags;
            samples.Add(new MovieSample((int)size, (flags & 0x100) != 0 ? duration : defaults.Duration, (int)offset, (own & NonSync) == 0));
        }

        return true;
    }

    static bool TryTake(ReadOnlySpan<byte> box, ref int at, bool isThere, out uint value)
    {
        value = 0;
        if (!isThere)
        {
            return true;
        }

        if (at > box.Length - 4)
        {
            return false;
        }

        value = BinaryPrimitives.ReadUInt32BigEndian(box[at..]);
        at += 4;
        return true;
    }
}
