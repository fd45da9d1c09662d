using System.Buffers.Binary;

namespace Tributary.Media.Containers.Mp4;

/// <summary>What the boxes of a trak say, its sample tables aside.</summary>
/// <param name="FileTrackId">track_ID of tkhd: the number by which fragments name it; 0 where there is none.</param>
/// <param name="Edits">In ticks of the track.</param>
sealed record TrackDescription(
    uint FileTrackId, MediaHandler Handler, MediaHeader Header, EditList Edits, SampleDescription Sample, Mp4TrackBoxes Boxes)
{
    /// <summary>
    /// False where something that must be there is missing or cut short (<paramref name="damage"/> says so), or the track is neither picture nor sound, of no
    /// known codec, or without an entry.
    /// </summary>
    /// <param name="boxes">The boxes of the trak.</param>
    /// <param name="movieTimescale">Ticks per second of the movie, in which edits are counted.</param>
    public static TrackDescription? Read(Mp4TrackBoxes boxes, int movieTimescale, Mp4ReadOptions options, out string damage)
    {
        if (!MediaHandler.TryRead(boxes[BoxType.Hdlr].Span, out var handler))
        {
            damage = "A track's handler (hdlr) is missing or cut short.";
            return null;
        }

        if (!MediaHeader.TryRead(boxes[BoxType.Mdhd].Span, out var header))
        {
            damage = "A track's media header (mdhd) is missing, cut short, or without a clock.";
            return null;
        }

        var edits = default(EditList);
        if (boxes.Has(BoxType.Elst) && !options.IgnoreEditLists && !EditList.TryRead(boxes[BoxType.Elst], out edits))
        {
            damage = "A track's edit list (elst) is cut short.";
            return null;
        }

        damage = "";
        return handler.Kind is { } kind && SampleEntryReader.TryRead(boxes[BoxType.Stsd], kind, out var sample, out damage)
            ? new TrackDescription(ReadTrackId(boxes[BoxType.Tkhd].Span), handler, header, edits.In(movieTimescale, header.Timescale), sample, boxes)
            : null;
    }

    static uint ReadTrackId(ReadOnlySpan<byte> tkhd)
    {
        var at = !tkhd.IsEmpty && tkhd[0] == 1 ? 20 : 12;
        return tkhd.Length < at + 4 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(tkhd[at..]);
    }

    public Frames.TrackInfo Info(int id) => Sample.Track with { Id = id, Timescale = Header.Timescale, Language = Header.Language };

    public string UserDataName => MediaHandler.ReadName(Boxes[BoxType.Name].Span);
}
