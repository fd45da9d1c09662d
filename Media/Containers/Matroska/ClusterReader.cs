namespace Tributary.Media.Containers.Matroska;

/// <summary>
/// Gathers the frames of all clusters by the heads of their blocks (RFC 9559 §5.1.3); what frames hold is hopped over. Neither SeekHead nor Cues are
/// needed, and a file that breaks off ends at its last whole frame.
/// </summary>
sealed class ClusterReader(EbmlFile file, MatroskaReadOptions options)
{
    const long LatestTime = long.MaxValue / 8;

    readonly int[] _sizes = new int[MatroskaBlock.MostFrames];
    readonly Dictionary<long, TrackBlocks> _tracks = [];
    long _timestamp;

    /// <summary>Nanoseconds of a tick of timestamps.</summary>
    public long TimestampScale { get; set; } = 1_000_000;

    /// <summary>What was beyond a limit: one sentence, empty where nothing was.</summary>
    public string Refusal { get; private set; } = "";

    public TrackBlocks? Blocks(long track) => _tracks.GetValueOrDefault(track);

    /// <summary>Reads a cluster. Returns the place behind it.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public async ValueTask<long> ReadAsync(FileElement cluster, CancellationToken cancellation)
    {
        var at = cluster.Payload;
        _timestamp = 0;
        while (Refusal.Length == 0 && await file.ReadHeaderAsync(at, cluster.End, cancellation) is { } element)
        {
            if (cluster.IsOpen && MatroskaId.IsTopLevel(element.Id))
            {
                return at;
            }

            switch (element.Id)
            {
                case MatroskaId.Timestamp:
                    _timestamp = await ReadNumberAsync(element, cancellation);
                    break;
                case MatroskaId.SimpleBlock:
                    await ReadBlockAsync(element, default, cancellation);
                    break;
                case MatroskaId.BlockGroup:
                    await ReadGroupAsync(element, cancellation);
                    break;
            }

            at = element.End;
        }

        return cluster.End;
    }

    async ValueTask ReadGroupAsync(FileElement group, CancellationToken cancellation)
    {
        var (block, facts, at) = (default(FileElement?), new GroupFacts(true, 0), group.Payload);
        while (await file.ReadHeaderAsync(at, group.End, cancellation) is { } element)
        {
            switch (element.Id)
            {
                case MatroskaId.Block:
                    block ??= element;
                    break;
                case MatroskaId.BlockDuration:
                    facts = facts with { Duration = await ReadNumberAsync(element, cancellation) };
                    break;
                case MatroskaId.ReferenceBlock:
                    facts = facts with { IsKey = false };
                    break;
            }

            at = element.End;
        }

        if (block is { } found)
        {
            await ReadBlockAsync(found, facts, cancellation);
        }
    }

    async ValueTask ReadBlockAsync(FileElement element, GroupFacts? group, CancellationToken cancellation)
    {
        var head = await file.File.PeekAsync(element.Payload, (int)Math.Min(MatroskaBlock.LongestHead, element.PayloadLength), cancellation);
        if (element.End > file.File.Length || !MatroskaBlock.TryRead(head.Span, element.PayloadLength, _sizes, out var block, out var frames))
        {
            return;
        }

        if (!_tracks.TryGetValue(block.Track, out var track))
        {
            if (_tracks.Count >= options.MaxTracks)
            {
                return;
            }

            _tracks.Add(block.Track, track = new TrackBlocks(options.MaxFrames));
        }

        var time = InNanoseconds(_timestamp + block.Timestamp);
        var offset = element.Payload + block.Length;
        for (var i = 0; i < frames; i++)
        {
            if (!track.TryAdd(new BlockFrame(time, offset, _sizes[i], group?.IsKey ?? block.IsKey, i > 0), InNanoseconds(group?.Duration ?? 0) / frames))
            {
                Refusal = $"A track has more than {options.MaxFrames} frames.";
                return;
            }

            offset += _sizes[i];
        }
    }

    long InNanoseconds(long ticks) => (long)Int128.Clamp((Int128)ticks * TimestampScale, -LatestTime, LatestTime);

    async ValueTask<long> ReadNumberAsync(FileElement element, CancellationToken cancellation)
    {
        var payload = await file.File.PeekAsync(element.Payload, (int)Math.Min(8, element.PayloadLength), cancellation);
        return Math.Min(Ebml.Unsigned(payload.Span), LatestTime);
    }

    /// <summary>What a BlockGroup says beside its block; durations in ticks of timestamps.</summary>
    readonly record struct GroupFacts(bool IsKey, long Duration);
}
