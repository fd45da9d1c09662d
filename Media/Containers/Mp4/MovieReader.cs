namespace Tributary.Media.Containers.Mp4;

/// <summary>Takes from a moov box the boxes of which tracks are made; others are hopped over.</summary>
sealed class MovieReader(FileBoxes boxes, Mp4ReadOptions options)
{
    const int MaxDepth = 8;

    public List<Mp4TrackBoxes> Tracks { get; } = [];

    /// <summary>Payload of mvhd; empty where it is missing.</summary>
    public ReadOnlyMemory<byte> Header { get; private set; }

    /// <summary>Payloads of trex, of which a file has some exactly if it is fragmented.</summary>
    public List<ReadOnlyMemory<byte>> Extensions { get; } = [];

    /// <summary>False where a box is damaged: <see cref="FileBoxes.Damage"/> says how.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public ValueTask<bool> ReadAsync(FileBox movie, CancellationToken cancellation) => WalkAsync(movie, ReadChildAsync, cancellation);

    async ValueTask<bool> ReadChildAsync(FileBox child, CancellationToken cancellation)
    {
        switch (child.Type)
        {
            case BoxType.Mvhd:
                Header = await boxes.ReadPayloadAsync(child, options.MaxMovieBytes, cancellation) ?? default;
                return boxes.Damage.Length == 0;
            case BoxType.Mvex:
                return await WalkAsync(child, ReadExtensionAsync, cancellation);
            case BoxType.Trak when Tracks.Count < options.MaxTracks:
                Tracks.Add(new Mp4TrackBoxes());
                return await ReadTrackAsync(child, Tracks[^1], 0, cancellation);
            default:
                return true;
        }
    }

    async ValueTask<bool> ReadExtensionAsync(FileBox child, CancellationToken cancellation)
    {
        if (child.Type == BoxType.Trex && Extensions.Count < options.MaxTracks)
        {
            Extensions.Add(await boxes.ReadPayloadAsync(child, options.MaxMovieBytes, cancellation) ?? default);
        }

        return boxes.Damage.Length == 0;
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
