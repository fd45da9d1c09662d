using Tributary.Media.Frames;

namespace Tributary.Media.Segmenting;

// Where the leading track begins a segment, and which track leads.
public sealed partial class SegmentMarker
{
    static readonly long LeaderTimeout90k = 3 * MediaTime.Hz90k;

    bool TryStart(in Frame frame, DateTimeOffset now)
    {
        _leader ??= frame.Track;
        if (frame.Track.Id != _leader.Id || !frame.IsKey || frame.Pts90k + plan.Offset90k < plan.Start90k - AlignedTolerance90k)
        {
            return false;
        }

        _startTime = plan.StartTime ?? now;
        _shift90k = plan.Offset90k ?? plan.Start90k - frame.Pts90k;
        var start90k = frame.Pts90k + _shift90k;
        _current = Cut(start90k, independent: true, plan.StartsDiscontinuity, plan.FirstMsn, plan.DiscontinuitySequence) with
        {
            GapsBefore = plan.GapsBefore,
            GapStart90k = plan.GapStart90k,
            GapTime = plan.GapTime,
        };
        _leaderSeen90k = start90k;
        return true;
    }

    /// <summary>Whether this frame, not marked yet, would begin a segment at a key frame; if so, where on the stream's timeline.</summary>
    public bool Begins(in Frame frame, out long start90k)
    {
        start90k = frame.Pts90k + _shift90k;
        return _current is not null && frame.IsKey && frame.Track.Id == _leader!.Id && start90k > _current.Start90k
            && (IsDue(frame with { Dts = frame.Dts + MediaTime.RescaleNearest(_shift90k, MediaTime.Hz90k, frame.Track.Timescale) }, start90k - _current.Start90k) || _cutPending || _discontinuityPending);
    }

    // Video leads while there is any; where it has stopped for long, another track keeps the segments coming until video is back.
    void ChooseLeader(in Frame frame)
    {
        if (frame.Track.Id == _leader!.Id)
        {
            return;
        }

        var videoIsBack = _leader.Kind == TrackKind.Audio && frame.Track.Kind == TrackKind.Video && frame.IsKey;
        var leaderIsGone = frame.IsKey && frame.Pts90k - _leaderSeen90k > LeaderTimeout90k + _segment90k;
        if (videoIsBack || leaderIsGone)
        {
            _leader = frame.Track;
            _cutPending = true;
        }
    }

    void Lead(in Frame frame)
    {
        _leaderSeen90k = Math.Max(_leaderSeen90k, frame.Pts90k);
        var elapsed = frame.Pts90k - _current!.Start90k;
        var wanted = IsDue(frame, elapsed) || _cutPending || _discontinuityPending;
        var limit = TargetDuration > 0 ? TargetDuration : Math.Max(plan.MaxTargetDuration, Seconds(_segment90k));
        var overdue = elapsed >= (long)limit * MediaTime.Hz90k;
        if (elapsed <= 0 || !(frame.IsKey && wanted) && !overdue)
        {
            return;
        }

        Settle(elapsed);
        _paces++;
        var discontinuity = _discontinuityPending && frame.IsKey;
        _previous = _current;
        _current = Cut(frame.Pts90k, frame.IsKey, discontinuity, _current.Msn + 1, _current.DiscontinuitySequence + (discontinuity ? 1 : 0));
        if (frame.IsKey)
        {
            (_cutPending, _discontinuityPending) = (false, false);
        }
    }

    // Sound alone keeps pace with the pictures of other renditions: its boundaries are theirs, not its own frames'.
    bool IsDue(in Frame frame, long elapsed) => plan.Pace90k > 0 && _leader!.Kind == TrackKind.Audio
        ? frame.Pts90k >= plan.Start90k + (_paces + 1) * plan.Pace90k - AlignedTolerance90k
        : elapsed >= _segment90k - Slack;

    // Encoders round: a key frame a little before its time still ends the segment.
    long Slack => Math.Min(_segment90k, MediaTime.Hz90k) / 10;

    void Settle(long duration90k)
    {
        if (TargetDuration == 0)
        {
            TargetDuration = TargetDurationOf(Seconds(_segment90k), duration90k);
        }
    }

    SegmentMark Cut(long start90k, bool independent, bool discontinuity, long msn, long discontinuitySequence) => new()
    {
        Msn = msn,
        Epoch = _epoch,
        DiscontinuitySequence = discontinuitySequence,
        StartsDiscontinuity = discontinuity,
        Start90k = start90k,
        ProgramDateTime = _startTime + MediaTime.ToTimeSpan(start90k - plan.Start90k, MediaTime.Hz90k),
        Independent = independent,
        TargetDuration = TargetDuration > 0 ? TargetDuration : Seconds(_segment90k),
        RunStart90k = discontinuity ? start90k : _current?.RunStart90k ?? plan.RunStart90k ?? start90k,
        PartTarget90k = (int)Math.Min(_partTarget90k, int.MaxValue),
    };
}
