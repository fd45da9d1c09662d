using Tributary.Media.Journal;

namespace Tributary.Fuzz.Targets;

/// <summary>
/// The index of a volume. Damaged bytes rarely pass a checksum, so the input is read twice: as it is, and as payloads that are given the frame and checksum of
/// a record (type, length, payload). Whatever is believed is consistent, and reading piece by piece says the same as reading at once.
/// </summary>
[FuzzTarget("journal")]
static class JournalTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        Check(input);
        Check(Sealed(input));
    }

    static byte[] Sealed(ReadOnlySpan<byte> input)
    {
        var output = new MemoryStream();
        while (input.Length >= 2)
        {
            var (type, length) = ((JournalRecordType)(input[0] % 8), Math.Min(input[1], input.Length - 2));
            var record = new byte[JournalRecord.Head + length];
            input.Slice(2, length).CopyTo(record.AsSpan(JournalRecord.Head));
            output.Write(record, 0, JournalRecord.Seal(record, type, length));
            input = input[(2 + length)..];
        }

        return output.ToArray();
    }

    static void Check(ReadOnlySpan<byte> journal)
    {
        var whole = new JournalIndex();
        var read = whole.Read(journal);
        Holds.That(read <= journal.Length && read == whole.Length, "More was read than there is.");
        var pieces = new JournalIndex();
        var half = pieces.Read(journal[..(journal.Length / 2)]);
        half += pieces.Read(journal[half..]);
        Holds.That(half == read && pieces.Segments.Count == whole.Segments.Count && pieces.IsEnded == whole.IsEnded, "Two pieces said something else than the whole.");
        foreach (var segment in whole.Segments)
        {
            for (var slot = 0; slot < whole.Tracks.Count; slot++)
            {
                if (segment.Share(slot) is { } share)
                {
                    Holds.That(share.Offset >= 0 && share.Offset + share.Length <= whole.MediaLength(slot), "A share lies outside its media file.");
                    Holds.That(share.IsGap || (share.Track is not null && share.Length > 0), "A share has parts but no bytes.");
                }
            }
        }

        var timeline = RecordedTimeline.Of([new TimelineVolume("one", "node", whole), new TimelineVolume("two", "node", pieces)]);
        for (var rendition = 0; rendition < timeline.Renditions.Count; rendition++)
        {
            Holds.That(timeline.End(rendition) <= timeline.Numbers.Count, "A rendition lists more than there is.");
            _ = new Tributary.Media.Packaging.Hls.RecordedPlaylist(timeline, rendition, Tributary.Media.Packaging.Hls.RecordedListing.Whole).Render();
        }

        _ = Tributary.Media.Packaging.Hls.RecordedMaster.Render(timeline);
    }
}
