using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// Reads MP4 and QuickTime files (ISO/IEC 14496-12): 1. finds moov, wherever it is, 2. takes the boxes of its tracks that are needed, 3. makes tracks
/// of them, whose frames are in tables or, in a fragmented file, gathered from its moof boxes. Media data is hopped over, never read; nor are boxes
/// that nobody needs.
/// </summary>
public static class Mp4File
{
    const long OverheadPerTrack = 2_048;

    /// <summary>Opens a file. What its bytes say cannot make this throw.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public static async ValueTask<MediaReading> OpenAsync(IByteSource source, Mp4ReadOptions options, CancellationToken cancellation)
    {
        using var file = new FileWindow(source);
        var boxes = new FileBoxes(file, options.MaxBoxes);
        if (await FindMovieAsync(boxes, cancellation) is not { } box)
        {
            return MediaReading.Damaged(boxes.Damage.Length > 0 ? boxes.Damage : "There is no moov box.");
        }

        if (!box.Fits || box.PayloadLength > options.MaxMovieBytes)
        {
            return MediaReading.Damaged(box.Fits ? $"The moov box is longer than {options.MaxMovieBytes} bytes." : "The file ends in its moov box.");
        }

        file.ExpectToRead(box.PayloadLength);
        var movie = new MovieReader(boxes, options);
        if (!await movie.ReadAsync(box, cancellation))
        {
            return MediaReading.Damaged(boxes.Damage);
        }

        if (!MediaHeader.TryRead(movie.Header.Span, out var header))
        {
            return MediaReading.Damaged("The movie header (mvhd) is missing, cut short, or without a clock.");
        }

        var descriptions = new List<TrackDescription>();
        foreach (var trackBoxes in movie.Tracks)
        {
            if (TrackDescription.Read(trackBoxes, header.Timescale, options, out var damage) is { } description)
            {
                descriptions.Add(description);
            }
            else if (damage.Length > 0)
            {
                return MediaReading.Damaged(damage);
            }
        }

        return movie.Extensions.Count > 0
            ? await FragmentedMovie.OpenAsync(boxes, box.End, movie.Extensions, descriptions, options, cancellation)
            : Build(header, descriptions);
    }

    static async ValueTask<FileBox?> FindMovieAsync(FileBoxes boxes, CancellationToken cancellation)
    {
        var at = 0L;
        while (await boxes.ReadHeaderAsync(at, boxes.File.Length, cancellation) is { } box)
        {
            if (box.Type == BoxType.Moov)
            {
                return box;
            }

            at = Math.Min(box.End, boxes.File.Length);
        }

        return null;
    }

    // A track whose header says that it is empty is left out: its tables have no meaning for players.
    static MediaReading Build(MediaHeader header, List<TrackDescription> descriptions)
    {
        var (tracks, numbering, memory) = (new List<SourceTrack>(), new TrackNumbering(), 0L);
        foreach (var description in descriptions.Where(static d => d.Header.Duration > 0))
        {
            var (id, index) = numbering.Next(description.Sample.Track.Kind);
            var tables = SampleTables.Read(description.Boxes);
            var track = new Mp4Track(tables)
            {
                Info = description.Info(id),
                IndexInKind = index,
                Duration = tables.Times?.Duration ?? 0,
                DeclaredDuration = description.Header.Duration,
                EmptyEdit = description.Edits.Empty,
                EditMediaTime = description.Edits.MediaTime,
                Name = description.Handler.Name,
                UserDataName = description.UserDataName,
                SampleEntry = description.Sample.Entry,
                Colour = description.Sample.Colour,
                Encryption = description.Sample.Encryption,
                Protection = description.Sample.Encryption is { } encryption ? FrameProtection.Read(description.Boxes[BoxType.Senc], encryption.IvSize) : null,
            };
            tracks.Add(track);
            memory += track.MemoryBytes + (track.Protection?.MemoryBytes ?? 0) + track.SampleEntry.Length + OverheadPerTrack;
        }

        return MediaReading.Of(new MediaFile(tracks, MediaTime.Rescale(header.Duration, header.Timescale, 1_000), memory));
    }
}
