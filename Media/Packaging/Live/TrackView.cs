using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>One track as a view shows it. Its numbers from <see cref="First"/> to before <see cref="End"/> are complete.</summary>
public sealed record TrackView(int Slot, string Name, TrackInfo Info, long First, long End, TrackMeasure Measured)
{
    public TrackKind Kind => Info.Kind;

    /// <summary>What there is of the number <see cref="End"/>, which is still open.</summary>
    public TrackPart[] Parts { get; init; } = [];

    /// <summary>What a player needs before <see cref="Parts"/>.</summary>
    public InitSegment? OpenInit { get; init; }

    /// <summary>How far the other tracks were when this one changed last.</summary>
    public RenditionPlace[] Others { get; internal set; } = [];

    /// <summary>Which rendition of the entry it belongs to.</summary>
    public int Rendition { get; init; } = 1;

    /// <summary>The number in its name.</summary>
    public int Number { get; init; } = 1;

    /// <summary>Numbers that it has nothing in, and the track of its kind whose media its playlist lists instead.</summary>
    public IReadOnlyDictionary<long, int> Filled { get; init; } = NothingFilled;

    /// <summary>
    /// The numbers in which its source broke off after parts of them were listed, and how long they are for all others, in 90 kHz ticks: as long they are
    /// listed, that dates and durations go on to agree.
    /// </summary>
    public IReadOnlyDictionary<long, long> Broken { get; init; } = NothingBroken;

    static readonly Dictionary<long, int> NothingFilled = [];
    static readonly Dictionary<long, long> NothingBroken = [];
}

/// <summary>The last part of a track: its number within the segment <paramref name="Msn"/>, or -1 where that is a gap.</summary>
public readonly record struct RenditionPlace(string Name, long Msn, int Part);
