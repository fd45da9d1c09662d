using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// Makes a track of its boxes. What describes the track must be whole, or the file is damaged; damage in the tables of frames is noted with the track,
/// since much can be answered without them.
/// </summary>
static class Mp4TrackReader
{
    /// <summary>What a trak became: a track, nothing (it is neither picture nor sound, or of no known codec, or empty), or damage.</summary>
    public readonly record struct Outcome(Mp4Track? Track, string Damage);

    /// <param name="boxes">The boxes of the trak.</param>
    /// <param name="movieTimescale">Ticks per second of the movie, in which edits are counted.</param>
    public static Outcome Read(Mp4TrackBoxes boxes, int movieTimescale, TrackNumbering numbering, Mp4ReadOptions options)
    {
        if (!MediaHandler.TryRead(boxes[BoxType.Hdlr].Span, out var handler))
        {
            return Damaged("A track's handler (hdlr) is missing or cut short.");
        }

        if (!MediaHeader.TryRead(boxes[BoxType.Mdhd].Span, out var header))
        {
            return Damaged("A track's media header (mdhd) is missing, cut short, or without a clock.");
        }

        var edits = default(EditList);
        if (boxes.Has(BoxType.Elst) && !options.IgnoreEditLists && !EditList.TryRead(boxes[BoxType.Elst], out edits))
        {
            return Damaged("A track's edit list (elst) is cut short.");
        }

        if (handler.Kind is not { } kind || header.Duration == 0)
        {
            return new Outcome(null, "");
        }

        if (!SampleEntryReader.TryRead(boxes[BoxType.Stsd], kind, out var description, out var damage))
        {
            return new Outcome(null, damage);
        }

        var (id, index) = numbering.Next(kind);
        var info = description.Track with { Id = id, Timescale = header.Timescale, Language = header.Language };
        return new Outcome(Create(boxes, info, index, handler.Name, header.Duration, edits.In(movieTimescale, header.Timescale), description), "");
    }

    static Mp4Track Create(
        Mp4TrackBoxes boxes, TrackInfo info, int indexInKind, string name, long declaredDuration, EditList edits, SampleDescription description)
    {
        var (times, compositions, sync, places, damage) = ReadTables(boxes);
        return new Mp4Track(times, compositions, sync, places)
        {
            Info = info,
            IndexInKind = indexInKind,
            Duration = times?.Duration ?? 0,
            DeclaredDuration = declaredDuration,
            EmptyEdit = edits.Empty,
            EditMediaTime = edits.MediaTime,
            Name = name,
            UserDataName = MediaHandler.ReadName(boxes[BoxType.Name].Span),
            SampleEntry = description.Entry,
            Colour = description.Colour,
            Encryption = description.Encryption,
            MinFrameDuration = times?.MinDuration ?? 0,
            FramesDamage = damage,
        };
    }

    static (TimeToSample? Times, CompositionOffsets? Compositions, SyncSamples? Sync, SamplePlaces? Places, string Damage) ReadTables(Mp4TrackBoxes boxes)
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
        return (times, compositions, sync, damage.Length == 0 ? places : null, damage);
    }

    static SamplePlaces? ReadPlaces(Mp4TrackBoxes boxes, ref string damage)
    {
        if (!SampleSizes.TryReadStsz(boxes[BoxType.Stsz], out var sizes) && !SampleSizes.TryReadStz2(boxes[BoxType.Stz2], out sizes))
        {
            damage = "The table of sizes (stsz) is missing or cut short.";
            return null;
        }

        var isLarge = boxes.Has(BoxType.Co64) && !boxes.Has(BoxType.Stco);
        if (!SamplePlaces.TryRead(boxes[BoxType.Stsc], boxes[isLarge ? BoxType.Co64 : BoxType.Stco], isLarge, sizes, out var places, out var contradiction))
        {
            damage = contradiction;
        }

        return places;
    }

    static Outcome Damaged(string damage) => new(null, damage);
}
