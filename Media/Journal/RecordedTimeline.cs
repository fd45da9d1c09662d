using Tributary.Media.Frames;

namespace Tributary.Media.Journal;

/// <summary>A volume that belongs to a timeline.</summary>
/// <param name="Name">Name of its files, without what tells them apart.</param>
/// <param name="Node">The node on whose disk they are.</param>
/// <param name="Index">What its journal says.</param>
public sealed record TimelineVolume(string Name, string Node, JournalIndex Index)
{
    /// <summary>Whether nothing more is added, as it was when the timeline was put together: journals grow while others read them.</summary>
    public bool IsEnded { get; } = Index.IsEnded;
}

/// <summary>A rendition's share of a number, and the volume that has it.</summary>
public readonly record struct RecordedPiece(TimelineVolume Volume, RecordedShare Share);

/// <summary>One number of a timeline, over all renditions.</summary>
public sealed class RecordedNumber(long msn, int renditions)
{
    readonly RecordedPiece?[] _pieces = new RecordedPiece?[renditions];

    public long Msn => msn;

    public SegmentMark? Mark { get; internal set; }

    /// <summary>What a rendition has in it; null: nothing.</summary>
    public RecordedPiece? Piece(int rendition) => _pieces[rendition];

    /// <summary>Length in 90 kHz ticks: that of its longest share.</summary>
    public long Duration90k => _pieces.Select(static piece => piece?.Share.Duration90k ?? 0).DefaultIfEmpty().Max();

    // Of two copies the one that is right: of the later source, then the complete one, then the one with more parts.
    internal void Offer(int rendition, RecordedPiece piece)
    {
        if (_pieces[rendition] is not { } known || Rank(piece).CompareTo(Rank(known)) >= 0)
        {
            _pieces[rendition] = piece;
        }
    }

    static (long Epoch, bool IsComplete, int Parts) Rank(RecordedPiece piece) => (piece.Share.Epoch, piece.Share.IsComplete, piece.Share.Parts);
}

/// <summary>
/// What the volumes of one entry or stream have together. Recorders that followed each other may both have written a number: it is listed once.
/// </summary>
public sealed class RecordedTimeline
{
    readonly JournalTrack?[] _tracks;

    RecordedTimeline(string[] renditions, JournalTrack?[] tracks, RecordedNumber[] numbers, TimelineVolume[] volumes) =>
        (Renditions, _tracks, Numbers, Volumes) = (renditions, tracks, numbers, volumes);

    /// <summary>Names of the renditions, video first: v1, v2, a1 …</summary>
    public IReadOnlyList<string> Renditions { get; }

    public IReadOnlyList<RecordedNumber> Numbers { get; }

    public IReadOnlyList<TimelineVolume> Volumes { get; }

    /// <summary>The last configuration of a rendition.</summary>
    public JournalTrack? Track(int rendition) => _tracks[rendition];

    /// <summary>Whether all volumes are ended.</summary>
    public bool IsEnded => Volumes.All(static volume => volume.IsEnded);

    /// <summary>-1 where there is no such rendition.</summary>
    public int Find(string rendition) => Array.IndexOf((string[])Renditions, rendition);

    public static RecordedTimeline Of(IEnumerable<TimelineVolume> volumes)
    {
        TimelineVolume[] ordered = [.. volumes];
        string[] renditions = [.. ordered.SelectMany(static volume => volume.Index.Tracks).OfType<JournalTrack>().Select(static track => track.Name).Distinct()
            .OrderBy(static name => name[0] != 'v').ThenBy(static name => name.Length).ThenBy(static name => name, StringComparer.Ordinal)];
        var tracks = new JournalTrack?[renditions.Length];
        var numbers = new Dictionary<long, RecordedNumber>();
        foreach (var volume in ordered)
        {
            int[] slots = [.. volume.Index.Tracks.Select(track => track is null ? -1 : Array.IndexOf(renditions, track.Name))];
            for (var slot = 0; slot < slots.Length; slot++)
            {
                if (slots[slot] >= 0)
                {
                    tracks[slots[slot]] = volume.Index.Tracks[slot];
                }
            }

            foreach (var segment in volume.Index.Segments)
            {
                Add(numbers, segment, slots, volume, renditions.Length);
            }
        }

        return new RecordedTimeline(renditions, tracks, [.. numbers.Values.Where(HasAnything).OrderBy(static number => number.Msn)], ordered);
    }

    /// <summary>
    /// The numbers that a rendition can list: all that are complete, and those that a crash or the end of a recording cut short. What is between them is a
    /// gap; what is being written is not listed.
    /// </summary>
    public int End(int rendition)
    {
        var end = Numbers.Count;
        while (end > 0 && !IsListed(Numbers[end - 1].Piece(rendition)))
        {
            end--;
        }

        return end;
    }

    public static bool IsListed(RecordedPiece? piece) => piece is { } known && (known.Share.IsComplete || known.Volume.IsEnded);

    static bool HasAnything(RecordedNumber number) => number.Duration90k > 0;

    static void Add(Dictionary<long, RecordedNumber> numbers, RecordedSegment segment, int[] slots, TimelineVolume volume, int renditions)
    {
        if (!numbers.TryGetValue(segment.Msn, out var number))
        {
            numbers.Add(segment.Msn, number = new RecordedNumber(segment.Msn, renditions));
        }

        if (number.Mark is null || segment.Mark?.Epoch > number.Mark.Epoch)
        {
            number.Mark = segment.Mark ?? number.Mark;
        }

        for (var slot = 0; slot < slots.Length; slot++)
        {
            if (slots[slot] >= 0 && segment.Share(slot) is { } share)
            {
                number.Offer(slots[slot], new RecordedPiece(volume, share));
            }
        }
    }
}
