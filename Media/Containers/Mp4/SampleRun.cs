using Tributary.Media.Frames;

namespace Tributary.Media.Containers.Mp4;

/// <summary>Which fields of a run of samples stand once in tfhd and which for each sample in trun (ISO/IEC 14496-12 §8.8.7 and §8.8.8).</summary>
readonly record struct SampleRun(
    int Count, bool SameDuration, uint Duration, bool SameFlags, bool FirstFlagsDiffer, uint Flags, bool HasOffsets)
{
    // sample_depends_on (2: on no other, 1: on others), sample_is_depended_on (2: by no other), sample_is_non_sync_sample: §8.8.3.1
    const uint DependsOnNone = 0x0200_0000;
    const uint DependsOnOthers = 0x0100_0000;
    const uint NotDependedOn = 0x0080_0000;
    const uint NonSync = 0x0001_0000;

    const uint DefaultDuration = 0x08;
    const uint DefaultFlags = 0x20;
    const uint DefaultBaseIsMoof = 0x02_0000;

    const uint DataOffset = 0x001;
    const uint FirstSampleFlags = 0x004;
    const uint SampleDuration = 0x100;
    const uint SampleSize = 0x200;
    const uint SampleFlags = 0x400;
    const uint SampleOffsets = 0x800;

    public uint HeaderFlags => DefaultBaseIsMoof | (SameDuration ? DefaultDuration : 0) | (SameFlags ? DefaultFlags : 0);

    public uint RunFlags => DataOffset | SampleSize | (FirstFlagsDiffer ? FirstSampleFlags : 0) | (SameDuration ? 0 : SampleDuration)
        | (SameFlags ? 0 : SampleFlags) | (HasOffsets ? SampleOffsets : 0);

    /// <summary>Bytes of the optional fields of tfhd.</summary>
    public int DefaultsSize => (SameDuration ? 4 : 0) + (SameFlags ? 4 : 0);

    /// <summary>Bytes of the optional fields of trun.</summary>
    public int OptionsSize => (FirstFlagsDiffer ? 4 : 0) + Count * (4 + (SameDuration ? 0 : 4) + (SameFlags ? 0 : 4) + (HasOffsets ? 4 : 0));

    public static SampleRun Of(ReadOnlySpan<Frame> frames, long endDts)
    {
        if (frames.IsEmpty)
        {
            return new SampleRun(0, true, 0, true, false, 0, false);
        }

        var (duration, flags) = (DurationOf(frames, 0, endDts), FlagsOf(frames[^1]));
        var (sameDuration, sameFlags, hasOffsets) = (true, true, frames[0].CompositionOffset != 0);
        for (var i = 1; i < frames.Length; i++)
        {
            sameDuration &= DurationOf(frames, i, endDts) == duration;
            sameFlags &= FlagsOf(frames[i]) == flags;
            hasOffsets |= frames[i].CompositionOffset != 0;
        }

        var firstDiffers = sameFlags && FlagsOf(frames[0]) != flags;
        return new SampleRun(frames.Length, sameDuration, duration, sameFlags, firstDiffers, flags, hasOffsets);
    }

    /// <summary>Ticks to the next frame; 0 where time would go back.</summary>
    public static uint DurationOf(ReadOnlySpan<Frame> frames, int index, long endDts)
    {
        var next = index + 1 < frames.Length ? frames[index + 1].Dts : endDts;
        return (uint)Math.Clamp(next - frames[index].Dts, 0, uint.MaxValue);
    }

    public static uint FlagsOf(in Frame frame) =>
        (frame.IsKey ? DependsOnNone : DependsOnOthers | NonSync) | ((frame.Flags & FrameFlags.Disposable) != 0 ? NotDependedOn : 0);
}
