using Tributary.Grains.LiveStreams;
using Tributary.Media.Packaging.Live;

namespace Tributary.Grains.KLive;

/// <summary>Streams that have sync points.</summary>
public enum SyncPointStreams
{
    Off,
    Entries,
    All,
}

/// <summary>Which streams have timed metadata. Gateways and recorders ask the same rule, so what is rewound has what was live.</summary>
public sealed record SyncPointRule(SyncPointStreams Streams)
{
    /// <summary>The containers in which <paramref name="stream"/> is written, with its sync points where it has any.</summary>
    public SegmentMuxers In(SegmentMuxers muxers, string stream)
    {
        var (entry, rendition) = RenditionName.Split(stream);
        return Streams == SyncPointStreams.All || Streams == SyncPointStreams.Entries && EntryClaim.IsEntryId(entry) ? SyncPoints.In(muxers, entry, rendition) : muxers;
    }
}
