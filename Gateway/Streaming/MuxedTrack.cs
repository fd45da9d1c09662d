using Tributary.Media.Frames;

namespace Tributary.Gateway.Streaming;

/// <summary>One of the two tracks that are carried, under the number that formats of one track per kind have for it.</summary>
sealed class MuxedTrack(int defaultId)
{
    TrackInfo? _info;

    public TrackKind Kind => defaultId == 1 ? TrackKind.Video : TrackKind.Audio;

    public TrackInfo? AsDefault { get; private set; }

    public long Last { get; set; } = -1;

    public long LastTime { get; set; }

    public long Step(long time) => Last < 0 ? 0 : time - LastTime;

    /// <summary>Whether a frame of that track is carried; <paramref name="isNew"/> where decoders must be told about it first.</summary>
    public bool Takes(TrackInfo info, out bool isNew)
    {
        isNew = false;
        if (ReferenceEquals(info, _info))
        {
            return true;
        }

        if (_info is { } known && known.Id != info.Id)
        {
            return false;
        }

        isNew = AsDefault is null || !AsDefault.IsSameConfiguration(info);
        _info = info;
        AsDefault = info with { Id = defaultId };
        return true;
    }
}
