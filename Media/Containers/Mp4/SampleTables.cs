namespace Tributary.Media.Containers.Mp4;

/// <summary>The tables of a track's samples (ISO/IEC 14496-12 §8.6 and §8.7), each of them checked; null where it is missing or damaged.</summary>
/// <param name="Damage">One sentence; empty where all is well.</param>
sealed record SampleTables(TimeToSample? Times, CompositionOffsets? Compositions, SyncSamples? Sync, SamplePlaces? Places, string Damage)
{
    public static SampleTables Read(Mp4TrackBoxes boxes)
    {
        var damage = "";
        if (!TimeToSample.TryRead(boxes[BoxType.Stts], out var times))
        {
            damage = "The table of times (stts) is missing, cut short or beyond all measure.";
        }

        if (!CompositionOffsets.TryRead(boxes[BoxType.Ctts], out var compositions) && boxes.Has(BoxType.Ctts))
        {
            damage = "The table of composition offsets (ctts) is cut short or empty.";
        }

        if (!SyncSamples.TryRead(boxes[BoxType.Stss], out var sync) && boxes.Has(BoxType.Stss))
        {
            damage = "The table of key frames (stss) is cut short.";
        }

        var places = ReadPlaces(boxes, ref damage);
        return new SampleTables(times, compositions, sync, damage.Length == 0 ? places : null, damage);
    }

    static SamplePlaces? ReadPlaces(Mp4TrackBoxes boxes, ref string damage)
    {
        if (!SampleSizes.TryReadStsz(boxes[BoxType.Stsz], out var sizes) && !SampleSizes.TryReadStz2(boxes[BoxType.Stz2], out sizes))
        {
            damage = "The table of sizes (stsz) is missing or cut short.";
            return null;
        }

        var isLarge = boxes.Has(BoxType.Co64) && !boxes.Has(BoxType.Stco);
        var offsets = boxes[isLarge ? BoxType.Co64 : BoxType.Stco];
        if (!SamplePlaces.TryRead(boxes[BoxType.Stsc], offsets, isLarge, sizes, out var places, out var contradiction))
        {
            damage = contradiction;
        }

        return places;
    }
}
