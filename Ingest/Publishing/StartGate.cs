using Tributary.Media.Frames;
using Tributary.Media.Segmenting;

namespace Tributary.Ingest.Publishing;

/// <summary>
/// Holds a publisher's first audio back until it is known what leads: video, once a picture came, or audio, when none came for a second. The
/// held audio that belongs to the first segment is then marked after its key frame.
/// </summary>
sealed class StartGate
{
    const long AudioAlone90k = MediaTime.Hz90k;
    const int MaxHeld = 256;

    readonly Queue<Frame> _held = new();
    bool _open;
    bool _videoLeads;

    /// <summary>True: the frame is kept here, or let go. False: the gate is open; mark the frame and what <see cref="TryTake"/> gives.</summary>
    public bool Holds(in Frame frame, SegmentMarker marker)
    {
        if (_open)
        {
            return false;
        }

        if (frame.Track.Kind == TrackKind.Video)
        {
            return HoldsVideo(frame, marker);
        }

        if (!_videoLeads && _held.TryPeek(out var first) && frame.Pts90k - first.Pts90k >= AudioAlone90k)
        {
            marker.Follow(first.Track);
            _open = true;
            return false;
        }

        _held.Enqueue(frame);
        if (_held.Count > MaxHeld)
        {
            _held.Dequeue().Data.Release();
        }

        return true;
    }

    bool HoldsVideo(in Frame frame, SegmentMarker marker)
    {
        if (!_videoLeads)
        {
            _videoLeads = true;
            marker.Follow(frame.Track);
        }

        if (!frame.IsKey)
        {
            frame.Data.Release();
            return true;
        }

        _open = true;
        return false;
    }

    /// <summary>It is known that this track leads: nothing waits for another.</summary>
    public void LeadBy(TrackInfo track, SegmentMarker marker)
    {
        marker.Follow(track);
        (_videoLeads, _open) = (track.Kind == TrackKind.Video, track.Kind == TrackKind.Audio);
    }

    public bool TryTake(out Frame frame) => _held.TryDequeue(out frame);

    public void Reset()
    {
        while (_held.TryDequeue(out var frame))
        {
            frame.Data.Release();
        }

        (_open, _videoLeads) = (false, false);
    }
}
