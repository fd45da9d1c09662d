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

    /// <summary>
    /// The renditions that players are told of: every picture, and each sound once. As live: that of the first rendition with a picture, those without one, and
    /// those in another language.
    /// </summary>
    public IEnumerable<int> Offered => Enumerable.Range(0, Renditions.Count).Where(IsOffered);

    bool IsOffered(int rendition)
    {
        var (name, home) = (Renditions[rendition], HomeOf(rendition));
        int[] all = [.. Enumerable.Range(0, Renditions.Count)];
        return name[0] == 'v'
            || Array.TrueForAll(all, other => HomeOf(other) != home || Renditions[other][0] == 'a')
            || Array.TrueForAll(all, other => HomeOf(other) >= home || Renditions[other][0] == 'v' || _tracks[other]?.Info.Language != _tracks[rendition]?.Info.Language);
    }

    // Tracks of the first rendition are 1 to 10, of the second 11 to 20.
    int HomeOf(int rendition) => int.TryParse(Renditions[rendition].AsSpan(1), out var number) ? (number - 1) / 10 : 0;

    /// <summary>
    /// What a rendition lists of a number: its own, or where it has nothing the nearest's of its kind and codec, once that has gone on: what is filled stays so.
    /// </summary>
    public RecordedPiece? Listed(int index, int rendition)
    {
        var number = Numbers[index];
        if (IsListed(number.Piece(rendition)) && number.Piece(rendition) is { Share: { IsGap: false } share } own && number.Duration90k - share.Duration90k < Short90k)
        {
            return own;
        }

        for (var distance = 1; distance < Renditions.Count; distance++)
        {
            foreach (var other in (ReadOnlySpan<int>)[rendition - distance, rendition + distance])
            {
                if (other >= 0 && other < Renditions.Count && Fills(index, other, rendition))
                {
                    return number.Piece(other);
                }
            }
        }

        return IsListed(number.Piece(rendition)) ? number.Piece(rendition) : null;
    }

    // One that broke off within a number lacks the rest of it.
    const long Short90k = MediaTime.Hz90k / 10;

    bool Fills(int index, int other, int rendition) =>
        Renditions[other][0] == Renditions[rendition][0] && _tracks[other]?.Info.Codec == _tracks[rendition]?.Info.Codec
        && IsListed(Numbers[index].Piece(other)) && Numbers[index].Piece(other) is { Share: { IsGap: false } share }
        && share.Duration90k > (Numbers[index].Piece(rendition)?.Share is { IsGap: false } own ? own.Duration90k + Short90k : 0)
        && (IsEnded || index + LongestDelay < Numbers.Count && IsListed(Numbers[index + LongestDelay].Piece(other)));

    /// <summary>Numbers that a rendition may be behind another while both are on air.</summary>
    public const int LongestDelay = 2;

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
        while (end > 0 && Listed(end - 1, rendition) is null)
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
