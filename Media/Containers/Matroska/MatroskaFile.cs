using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Matroska;

/// <summary>
/// Reads Matroska and WebM files (RFC 9559): 1. the description of tracks, 2. the heads of all blocks, from which frames are indexed, 3. the first frame
/// of tracks whose codec keeps its configuration there.
/// </summary>
public static class MatroskaFile
{
    const long OverheadPerTrack = 2_048;
    const int ReadAheadInClusters = 32 << 10;
    const int MostOfFirstFrame = 32 << 10;
    const int LongestEbmlHeader = 4_096;
    const int VideoTimescale = MediaTime.Hz90k;
    const long Second = 1_000_000_000;

    /// <summary>Whether a file begins as EBML does.</summary>
    public static bool IsMatroska(ReadOnlySpan<byte> beginning) => beginning.StartsWith<byte>([0x1A, 0x45, 0xDF, 0xA3]);

    /// <summary>Opens a file. What its bytes say cannot make this throw.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public static async ValueTask<MediaReading> OpenAsync(IByteSource source, MatroskaReadOptions options, CancellationToken cancellation)
    {
        using var window = new FileWindow(source);
        var file = new EbmlFile(window, options.MaxElements);
        if (await FindSegmentAsync(file, cancellation) is not { } segment)
        {
            return MediaReading.Damaged("There is no Matroska segment.");
        }

        var contents = new SegmentReader(file, options);
        await contents.ReadAsync(segment, cancellation);
        return contents.Refusal.Length > 0
            ? MediaReading.Damaged(contents.Refusal)
            : await BuildAsync(window, contents, cancellation);
    }

    static async ValueTask<FileElement?> FindSegmentAsync(EbmlFile file, CancellationToken cancellation)
    {
        if (await file.ReadHeaderAsync(0, file.File.Length, cancellation) is not { Id: MatroskaId.Ebml, PayloadLength: <= LongestEbmlHeader } header)
        {
            return null;
        }

        var at = header.End;
        while (await file.ReadHeaderAsync(at, file.File.Length, cancellation) is { } element)
        {
            if (element.Id == MatroskaId.Segment)
            {
                return element;
            }

            at = element.End;
        }

        return null;
    }

    static async ValueTask<MediaReading> BuildAsync(FileWindow window, SegmentReader contents, CancellationToken cancellation)
    {
        List<(MatroskaTrack Entry, TrackInfo Info, FrameIndex Index, long Delay)> found = [];
        foreach (var entry in contents.Tracks)
        {
            if (entry.Kind is null || MatroskaCodec.Of(entry.CodecId) == Codec.None || contents.Clusters.Blocks(entry.Number) is not { Frames.Count: > 0 } blocks)
            {
                continue;
            }

            if (entry.IsEncoded)
            {
                return new MediaReading(null, MediaFailure.NotImplemented, $"Track {entry.Number} is compressed or encrypted by the container.");
            }

            var beginning = await window.PeekAsync(blocks.Frames[0].Offset, Math.Min(blocks.Frames[0].Size, MostOfFirstFrame), cancellation);
            if (MatroskaCodec.Describe(entry, beginning.Span) is not { } info)
            {
                return MediaReading.Damaged($"There is no decoder configuration for track {entry.Number} ({entry.CodecId}).");
            }

            info = info with { Timescale = info.Kind == TrackKind.Video ? VideoTimescale : Math.Max(1, info.SampleRate) };
            var (index, delay) = MatroskaTimeline.Build(blocks, info.Timescale, FrameLength(entry, info), contents.Clusters.TimestampScale);
            found.Add((entry, info, index, delay));
        }

        return MediaReading.Of(Build(found, contents));
    }

    static (long Length, long PerSecond) FrameLength(MatroskaTrack entry, TrackInfo info) =>
        info.SamplesPerFrame > 0 && info.Kind == TrackKind.Audio ? (info.SamplesPerFrame, info.Timescale) : (entry.DefaultDuration, Second);

    static MediaFile Build(List<(MatroskaTrack Entry, TrackInfo Info, FrameIndex Index, long Delay)> found, SegmentReader contents)
    {
        var (tracks, numbering, memory) = (new List<SourceTrack>(), new TrackNumbering(), 0L);
        var start = found.Select(static t => StartOf(t.Info, t.Index)).DefaultIfEmpty().Min();
        foreach (var (entry, info, index, delay) in found)
        {
            var (id, indexInKind) = numbering.Next(info.Kind);
            var late = MediaTime.RescaleNearest(StartOf(info, index) - start, MediaTime.Hz90k, info.Timescale);
            tracks.Add(new IndexedTrack(index)
            {
                Info = info with { Id = id, Language = entry.Language },
                IndexInKind = indexInKind,
                Duration = index.Times[^1],
                DeclaredDuration = index.Times[^1],
                EmptyEdit = late,
                EditMediaTime = delay + MediaTime.RescaleNearest(entry.CodecDelay, (int)Second, info.Timescale),
                Name = entry.Name,
                Colour = entry.Colour,
            });
            memory += index.MemoryBytes + info.DecoderConfig.Length + OverheadPerTrack;
        }

        var longest = tracks.Select(static t => MediaTime.Rescale(t.Duration, t.Info.Timescale, 1_000)).DefaultIfEmpty().Max();
        return new MediaFile(tracks, contents.DurationMilliseconds > 0 ? contents.DurationMilliseconds : longest, memory);
    }

    // When the first frame of the track is shown, in 90 kHz: decoding times are those of presentation in order.
    static long StartOf(TrackInfo info, FrameIndex index) => MediaTime.Rescale(index.Start, info.Timescale, MediaTime.Hz90k);

    /// <summary>Reads what a segment has: its information, its tracks, its clusters, in any order.</summary>
    sealed class SegmentReader(EbmlFile file, MatroskaReadOptions options)
    {
        public List<MatroskaTrack> Tracks { get; } = [];

        public ClusterReader Clusters { get; } = new(file, options);

        public long DurationMilliseconds { get; private set; }

        public string Refusal { get; private set; } = "";

        public async ValueTask ReadAsync(FileElement segment, CancellationToken cancellation)
        {
            var at = segment.Payload;
            while (Refusal.Length == 0 && await file.ReadHeaderAsync(at, segment.End, cancellation) is { } element)
            {
                at = element.End;
                switch (element.Id)
                {
                    case MatroskaId.Info:
                        ReadInformation(await file.ReadPayloadAsync(element, options.MaxHeaderBytes, cancellation));
                        break;
                    case MatroskaId.Tracks:
                        await ReadTracksAsync(element, cancellation);
                        break;
                    case MatroskaId.Cluster:
                        file.File.ReadAhead(ReadAheadInClusters);
                        at = await Clusters.ReadAsync(element, cancellation);
                        Refusal = Clusters.Refusal;
                        break;
                }
            }

            if (file.IsExhausted)
            {
                Refusal = $"The file has more than {options.MaxElements} elements.";
            }
        }

        void ReadInformation(ReadOnlySpan<byte> information)
        {
            var elements = new EbmlReader(information);
            var duration = 0d;
            while (elements.MoveNext())
            {
                switch (elements.Id)
                {
                    case MatroskaId.TimestampScale:
                        Clusters.TimestampScale = Math.Clamp(Ebml.Unsigned(elements.Payload), 1, Second);
                        break;
                    case MatroskaId.Duration:
                        duration = Ebml.Float(elements.Payload);
                        break;
                }
            }

            DurationMilliseconds = duration > 0 ? (long)Math.Min(duration * Clusters.TimestampScale / 1_000_000, long.MaxValue / 4) : 0;
        }

        async ValueTask ReadTracksAsync(FileElement tracks, CancellationToken cancellation)
        {
            if (await file.ReadPayloadAsync(tracks, options.MaxHeaderBytes, cancellation) is not { } payload)
            {
                Refusal = "The description of the tracks is cut short, or longer than it may be.";
                return;
            }

            Take(payload);
        }

        void Take(ReadOnlySpan<byte> entries)
        {
            var elements = new EbmlReader(entries);
            while (elements.MoveNext() && Tracks.Count < options.MaxTracks)
            {
                if (elements.Id == MatroskaId.TrackEntry)
                {
                    Tracks.Add(MatroskaTrack.Read(elements.Payload));
                }
            }
        }
    }
}
