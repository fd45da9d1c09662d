using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// Reads MP4 and QuickTime files (ISO/IEC 14496-12): 1. finds moov, wherever it is, 2. takes the boxes of its tracks that are needed, 3. makes tracks of
/// them. Media data is hopped over, never read; nor are boxes that nobody needs.
/// </summary>
public static class Mp4File
{
    const int MaxDepth = 8;
    const long OverheadPerTrack = 2_048;

    /// <summary>Opens a file. What its bytes say cannot make this throw.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public static async ValueTask<MediaReading> OpenAsync(IByteSource source, Mp4ReadOptions options, CancellationToken cancellation)
    {
        using var boxes = new FileBoxes(source, options.MaxBoxes);
        if (await FindMovieAsync(boxes, cancellation) is not { } movie)
        {
            return MediaReading.Damaged(boxes.Damage.Length > 0 ? boxes.Damage : "There is no moov box.");
        }

        if (!movie.Fits || movie.PayloadLength > options.MaxMovieBytes)
        {
            return MediaReading.Damaged(
                movie.Fits ? $"The moov box is longer than {options.MaxMovieBytes} bytes." : "The file ends in its moov box.");
        }

        boxes.ExpectToRead(movie.PayloadLength);
        var reader = new MovieReader(boxes, options);
        return await reader.ReadAsync(movie, cancellation) ? Build(reader, options) : MediaReading.Damaged(boxes.Damage);
    }

    static async ValueTask<FileBox?> FindMovieAsync(FileBoxes boxes, CancellationToken cancellation)
    {
        var at = 0L;
        while (await boxes.ReadHeaderAsync(at, boxes.Length, cancellation) is { } box)
        {
            if (box.Type == BoxType.Moov)
            {
                return box;
            }

            at = Math.Min(box.End, boxes.Length);
        }

        return null;
    }

    static MediaReading Build(MovieReader movie, Mp4ReadOptions options)
    {
        if (movie.IsFragmented)
        {
            return new MediaReading(null, MediaFailure.NotImplemented, "The file is fragmented (it has a moov box with mvex): such files cannot be read yet.");
        }

        if (!MediaHeader.TryRead(movie.Header.Span, out var header))
        {
            return MediaReading.Damaged("The movie header (mvhd) is missing, cut short, or without a clock.");
        }

        var (tracks, numbering, memory) = (new List<SourceTrack>(), new TrackNumbering(), 0L);
        foreach (var boxes in movie.Tracks)
        {
            var (track, damage) = Mp4TrackReader.Read(boxes, header.Timescale, numbering, options);
            if (damage.Length > 0)
            {
                return MediaReading.Damaged(damage);
            }

            if (track is not null)
            {
                tracks.Add(track);
                memory += track.MemoryBytes + track.SampleEntry.Length + OverheadPerTrack;
            }
        }

        return MediaReading.Of(new MediaFile(tracks, MediaTime.Rescale(header.Duration, header.Timescale, 1_000), memory));
    }

    /// <summary>Takes from a moov box what tracks are made of.</summary>
    sealed class MovieReader(FileBoxes boxes, Mp4ReadOptions options)
    {
        public List<Mp4TrackBoxes> Tracks { get; } = [];

        public ReadOnlyMemory<byte> Header { get; private set; }

        public bool IsFragmented { get; private set; }

        public ValueTask<bool> ReadAsync(FileBox movie, CancellationToken cancellation) => WalkAsync(movie, ReadChildAsync, cancellation);

        async ValueTask<bool> ReadChildAsync(FileBox child, CancellationToken cancellation)
        {
            switch (child.Type)
            {
                case BoxType.Mvhd:
                    Header = await boxes.ReadPayloadAsync(child, options.MaxMovieBytes, cancellation) ?? default;
                    return boxes.Damage.Length == 0;
                case BoxType.Mvex:
                    IsFragmented = true;
                    return true;
                case BoxType.Trak when Tracks.Count < options.MaxTracks:
                    Tracks.Add(new Mp4TrackBoxes());
                    return await ReadTrackAsync(child, Tracks[^1], 0, cancellation);
                default:
                    return true;
            }
        }

        ValueTask<bool> ReadTrackAsync(FileBox parent, Mp4TrackBoxes track, int depth, CancellationToken cancellation) =>
            WalkAsync(parent, async (child, token) =>
            {
                if (Mp4TrackBoxes.IsContainer(child.Type))
                {
                    return depth >= MaxDepth || await ReadTrackAsync(child, track, depth + 1, token);
                }

                if (!track.Wants(child.Type))
                {
                    return true;
                }

                if (await boxes.ReadPayloadAsync(child, options.MaxMovieBytes, token) is not { } payload)
                {
                    return false;
                }

                track.Add(child.Type, payload);
                return true;
            }, cancellation);

        async ValueTask<bool> WalkAsync(FileBox parent, Func<FileBox, CancellationToken, ValueTask<bool>> visit, CancellationToken cancellation)
        {
            var at = parent.Payload;
            while (await boxes.ReadHeaderAsync(at, parent.End, cancellation) is { } child)
            {
                if (!child.Fits)
                {
                    boxes.Refuse($"The {child} box at {child.Start} is longer than the {parent} box that it is in.");
                    return false;
                }

                if (!await visit(child, cancellation))
                {
                    return false;
                }

                at = child.End;
            }

            return boxes.Damage.Length == 0;
        }
    }
}
