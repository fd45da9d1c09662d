using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// Makes tracks of a fragmented file (ISO/IEC 14496-12 §8.8): frames of its tables, if it has any, then those of its fragments. Time begins with the
/// earliest track, whatever the clock of the fragments says; a track that begins later has an empty edit.
/// </summary>
static class FragmentedMovie
{
    const long OverheadPerTrack = 2_048;
    const int FramesAtOnce = 256;

    /// <param name="boxes">The file.</param>
    /// <param name="movieEnd">Place behind its moov.</param>
    /// <param name="extensions">Payloads of its trex boxes.</param>
    /// <param name="descriptions">Its tracks.</param>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public static async ValueTask<MediaReading> OpenAsync(
        FileBoxes boxes, long movieEnd, List<ReadOnlyMemory<byte>> extensions, List<TrackDescription> descriptions, Mp4ReadOptions options,
        CancellationToken cancellation)
    {
        var fragments = new Dictionary<uint, TrackFragments>();
        foreach (var description in descriptions)
        {
            var track = new TrackFragments(DefaultsOf(description.FileTrackId, extensions), boxes.File.Length, options.MaxFragmentedFrames);
            AddFromTables(description, track);
            fragments.TryAdd(description.FileTrackId, track);
        }

        var reader = new FragmentReader(boxes, options, fragments);
        await reader.ReadAsync(movieEnd, cancellation);
        return reader.Refusal.Length > 0 ? MediaReading.Damaged(reader.Refusal) : Build(descriptions, fragments);
    }

    static SampleDefaults DefaultsOf(uint track, List<ReadOnlyMemory<byte>> extensions)
    {
        foreach (var extension in extensions)
        {
            if (SampleDefaults.TryReadTrex(extension.Span, out var extended, out var defaults) && extended == track)
            {
                return defaults;
            }
        }

        return default;
    }

    static void AddFromTables(TrackDescription description, TrackFragments track)
    {
        var tables = new Mp4Track(SampleTables.Read(description.Boxes)) { Info = description.Info(1), IndexInKind = 1, Duration = 0, DeclaredDuration = 0 };
        Span<SourceFrame> frames = stackalloc SourceFrame[FramesAtOnce];
        for (var at = 0; tables.Read(at, frames) is > 0 and var count; at += count)
        {
            foreach (var frame in frames[..count])
            {
                if (!track.TryAdd(frame))
                {
                    return;
                }
            }
        }
    }

    static MediaReading Build(List<TrackDescription> descriptions, Dictionary<uint, TrackFragments> fragments)
    {
        var (tracks, numbering, memory) = (new List<SourceTrack>(), new TrackNumbering(), 0L);
        var found = descriptions.Select(d => (Description: d, Fragments: fragments[d.FileTrackId])).Where(static t => t.Fragments.Frames.Count > 0).ToList();
        var indexed = found.ConvertAll(static t => (t.Description, Index: t.Fragments.Frames.Build(t.Fragments.HasDependentFrames)));
        var start = indexed.Select(static t => MediaTime.Rescale(t.Index.Start, t.Description.Header.Timescale, MediaTime.Hz90k)).DefaultIfEmpty().Min();
        foreach (var (description, index) in indexed)
        {
            var (id, indexInKind) = numbering.Next(description.Sample.Track.Kind);
            var delay = index.Start - MediaTime.Rescale(start, MediaTime.Hz90k, description.Header.Timescale);
            tracks.Add(new IndexedTrack(index)
            {
                Info = description.Info(id),
                IndexInKind = indexInKind,
                Duration = index.Times[^1],
                DeclaredDuration = index.Times[^1],
                EmptyEdit = description.Edits.Empty + Math.Max(0, delay),
                EditMediaTime = description.Edits.MediaTime,
                Name = description.Handler.Name,
                UserDataName = description.UserDataName,
                SampleEntry = description.Sample.Entry,
                Colour = description.Sample.Colour,
                Encryption = description.Sample.Encryption,
            });
            memory += index.MemoryBytes + description.Sample.Entry.Length + OverheadPerTrack;
        }

        var duration = tracks.Select(static t => MediaTime.Rescale(t.Duration, t.Info.Timescale, 1_000)).DefaultIfEmpty().Max();
        return MediaReading.Of(new MediaFile(tracks, duration, memory));
    }
}
