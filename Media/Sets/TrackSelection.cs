using Tributary.Media.Frames;

namespace Tributary.Media.Sets;

/// <summary>Which tracks are meant, by their numbers among those of a kind: <c>v1-a1-a2</c>. Bit n stands for track n + 1.</summary>
/// <param name="Video">Video tracks.</param>
/// <param name="Audio">Audio tracks.</param>
/// <param name="Subtitles">Captions.</param>
public readonly record struct TrackSelection(ulong Video, ulong Audio, ulong Subtitles = 0)
{
    /// <summary>All tracks there are.</summary>
    public static TrackSelection All => new(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);

    /// <summary>Whether track <paramref name="index"/> (from 1) of a kind is meant.</summary>
    public bool Includes(TrackKind kind, int index) => index is > 0 and <= 64 && ((kind == TrackKind.Video ? Video : Audio) >> (index - 1) & 1) != 0;

    /// <summary>Those that both mean.</summary>
    public static TrackSelection operator &(TrackSelection one, TrackSelection other) =>
        new(one.Video & other.Video, one.Audio & other.Audio, one.Subtitles & other.Subtitles);
}
