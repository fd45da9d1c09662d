using System.Globalization;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Live;
using Tributary.Gateway.Vod;
using Tributary.Grains.Recordings;
using Tributary.Grains.VodEntries;
using Tributary.Media.Journal;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Recorded;

/// <summary>
/// Recordings for the packager: one clip for as long as the encoder kept its configuration, each a movie whose media stays in the journals. What the heads of
/// movies take is bounded in bytes.
/// </summary>
sealed class RecordedCatalog(RecordedEntries recorded, IOptions<VodOptions> options, TimeProvider time) : IEntryCatalog
{
    readonly VodCache<RecordedVodEntry> _made = new("recorded_movies", options.Value.RecordedMovieBytes, null, time);

    public async Task<VodEntry?> FindAsync(string id, CancellationToken cancellation)
    {
        try
        {
            return await recorded.Describe(id) is { } entry ? await MakeAsync(entry, cancellation) : null;
        }
        catch (Exception exception) when (exception is StreamDirectoryException or HttpRequestException)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    async Task<VodEntry> MakeAsync(VodEntryDescription entry, CancellationToken cancellation)
    {
        var timeline = (await recorded.Open(entry)).Timeline;
        var known = _made.Get(entry.Id);
        if (known is not null && ReferenceEquals(known.Timeline, timeline))
        {
            return known;
        }

        var heads = known?.Heads ?? new PartHeads(entry.Id, piece => recorded.SourceOf(piece.Volume));
        var clips = new List<RecordedClip>();
        foreach (var run in Runs(timeline))
        {
            if (await MovieDownload.Build(timeline, run, Whole(timeline, run), heads, cancellation) is { } movie)
            {
                clips.Add(new(movie, run.Sum(number => number.Duration90k) / 90));
            }
        }

        var made = new RecordedVodEntry(entry.Id, timeline, clips, timeline.IsEnded ? null : heads);
        _made.Set(entry.Id, made, made.Bytes);
        return made;
    }

    // Who has a hole cannot be switched to in the midst: it is left out, unless it is the first of its kind. What is being written is no hole.
    static int[] Whole(RecordedTimeline timeline, List<RecordedNumber> run)
    {
        var settled = run.Take(timeline.IsEnded ? run.Count : run.Count - RecordedTimeline.LongestDelay).ToList();
        return [.. timeline.Offered.Where(rendition => timeline.Renditions[rendition] is "v1" or "a1"
            || settled.TrueForAll(number => number.Piece(rendition) is { Share.IsGap: false } piece && RecordedTimeline.IsListed(piece)))];
    }

    /// <summary>Numbers that follow one another and in which no rendition changes its configuration.</summary>
    internal static List<List<RecordedNumber>> Runs(RecordedTimeline timeline)
    {
        var (runs, current, inits) = (new List<List<RecordedNumber>>(), new List<RecordedNumber>(), new ulong?[timeline.Renditions.Count]);
        foreach (var number in timeline.Numbers)
        {
            if (Enumerable.Range(0, inits.Length).Any(rendition => inits[rendition] is { } known && InitOf(number, rendition) is { } init && init != known))
            {
                runs.Add(current);
                current = [];
                Array.Clear(inits);
            }

            current.Add(number);
            for (var rendition = 0; rendition < inits.Length; rendition++)
            {
                inits[rendition] ??= InitOf(number, rendition);
            }
        }

        runs.Add(current);
        return runs;
    }

    static ulong? InitOf(RecordedNumber number, int rendition) =>
        number.Piece(rendition) is { Share: { IsGap: false, Track: { } track } } piece && RecordedTimeline.IsListed(piece) ? track.InitNumber : null;
}

/// <summary>A part of a recording without a change of configuration, and its length in milliseconds.</summary>
readonly record struct RecordedClip(MovieDownload Movie, long Duration);

/// <summary>A recording as it was when it was looked at.</summary>
sealed class RecordedVodEntry : VodEntry
{
    readonly IReadOnlyList<RecordedClip> _clips;
    readonly string[] _keys;
    readonly ResolvedSet _set;

    public RecordedVodEntry(string id, RecordedTimeline timeline, IReadOnlyList<RecordedClip> clips, PartHeads? heads)
    {
        (Timeline, _clips, Heads) = (timeline, clips, heads);
        _keys = [.. clips.Select((clip, index) => string.Create(CultureInfo.InvariantCulture, $"{id}/{index}|{clip.Movie.Length}|{clip.Movie.HeadHash:x}"))];
        _set = clips.Count == 0 ? ResolvedSet.Failed(MediaFailure.EmptyMapping, $"nothing of {id} is recorded yet") : new(MediaFailure.None, "", new MediaSetDescription
        {
            Sequences = [new SequenceDescription { Clips = [.. clips.Select((_, index) => Clip(id, index))] }],
            Durations = clips.Count == 1 ? [] : [.. clips.Select(clip => Math.Max(1, clip.Duration))],
            ConsistentSequenceMediaInfo = clips.Count == 1,
        });
    }

    public RecordedTimeline Timeline { get; }

    /// <summary>What was read of its parts; null where nothing more comes.</summary>
    public PartHeads? Heads { get; }

    public long Bytes => _clips.Sum(clip => clip.Movie.MemoryBytes) + (Heads?.MemoryBytes ?? 0);

    public override ResolvedSet SetFor(EntryRequest request) => _set;

    public override OpenedSource Open(int file) => file < _clips.Count
        ? new(MediaFailure.None, "", _keys[file], new MovieSource(_clips[file].Movie))
        : new(MediaFailure.NotFound, "the recording has no such clip", "", null);
}
