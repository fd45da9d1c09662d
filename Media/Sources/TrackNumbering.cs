using Tributary.Media.Frames;

namespace Tributary.Media.Sources;

/// <summary>Counts the tracks of a file: in all, and of each kind.</summary>
sealed class TrackNumbering
{
    int _all;
    int _video;
    int _audio;

    public (int Id, int IndexInKind) Next(TrackKind kind) => (++_all, kind == TrackKind.Video ? ++_video : ++_audio);
}
