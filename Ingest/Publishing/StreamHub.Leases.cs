using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;
using Tributary.Media.Segmenting;

namespace Tributary.Ingest.Publishing;

// On air and off again.
public sealed partial class StreamHub
{
    // Sound is sent a little after the picture that it accompanies; a segment that is yielded waits this long for the rest of its own.
    static readonly TimeSpan SoundWait = TimeSpan.FromMilliseconds(300);

    long _epoch;
    bool _yields;
    (long At90k, DateTimeOffset Arrived)? _boundary;
    LeaseProgress _last;
    bool _owesSignal;

    /// <summary>
    /// Cuts segments from here on: from the kept key frame where the lease says that media goes on, else from the next one that comes.
    /// </summary>
    public void GoOnAir(StreamLease lease)
    {
        lock (_gate)
        {
            if (lease.Epoch <= _epoch)
            {
                return;   // an old grant that came late
            }

            _epoch = lease.Epoch;
            (_yields, _boundary, _owesSignal, _begunMsn, _firstMsn) = (false, null, false, lease.FirstMsn - 1, lease.FirstMsn);
            FirstMsn = FirstMsn < 0 ? lease.FirstMsn : FirstMsn;
            _marker = new SegmentMarker(PlanOf(lease));
            _last = LeaseProgress.Of(_marker, lease);
            _start.Reset();
            Replay(lease);
        }
    }

    /// <summary>
    /// The grain has taken a report. Goes on under a newer epoch where it answers with one: it was activated anew. <paramref name="toldYielded"/>:
    /// whether that report said so. A lease can be yielded while an earlier report is under way; then the grain does not know yet.
    /// </summary>
    public void Renew(long epoch, bool toldYielded)
    {
        lock (_gate)
        {
            _last = _last with { Yielded = _last.Yielded && !toldYielded };
            if (epoch > _epoch && _marker is not null)
            {
                _epoch = epoch;
                _marker.Renew(epoch);
            }
        }
    }

    /// <summary>Stops cutting when the next segment would begin.</summary>
    public void Yield(long epoch)
    {
        lock (_gate)
        {
            _yields |= _marker is not null && epoch >= _epoch;
        }
    }

    /// <summary>Stops cutting at once. Those who follow are told by <see cref="Tell"/>, when it is known what comes after.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            if (_marker is null)
            {
                return;
            }

            _marker.Close();
            _last = LeaseProgress.Of(_marker, _last);
            (_marker, _owesSignal, _yields, _boundary) = (null, true, false, null);
            _start.Reset();
        }
    }

    /// <summary>Tells those who follow what the end of the last lease means, where they were not told yet.</summary>
    public void Tell(StreamSignal signal)
    {
        lock (_gate)
        {
            if (_owesSignal)
            {
                _owesSignal = false;
                output.OnNextAsync(new FrameBatch(default, signal, _epoch));
            }
        }
    }

    /// <summary>Stops cutting, and tells those who follow that what they have of the open segment is all of it.</summary>
    public void GoOffAir()
    {
        Stop();
        Tell(StreamSignal.SourceLost);
    }

    /// <summary>Gives back what is kept: no frame comes any more.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _standby.Clear();
        }
    }

    /// <summary>What the stream's grain should know now. <paramref name="final"/>: of the lease that has just ended.</summary>
    public SourceReport Report(PublishRequest request, bool final = false)
    {
        lock (_gate)
        {
            var progress = _marker is null ? _last : LeaseProgress.Of(_marker, _last);
            var speaksOfLease = _marker is not null || final || progress.Yielded;
            return new SourceReport
            {
                Session = request.Session,
                Epoch = speaksOfLease ? _epoch : 0,
                NextMsn = progress.NextMsn,
                DiscontinuitySequence = progress.DiscontinuitySequence,
                End90k = progress.End90k,
                TargetDuration = progress.TargetDuration,
                Health = _meter.Read(_timeline.Mended, _dropped),
                Request = request,
                Fault = _meter.Fault,
                Yielded = progress.Yielded,
                OpenMsn = progress.OpenMsn,
                Open90k = progress.Open90k,
                OpenTime = progress.OpenTime,
                OpenStartsDiscontinuity = progress.OpenStartsDiscontinuity,
                RunStart90k = progress.RunStart90k,
                Place = _sights.Read(speaksOfLease ? progress.Shift90k : null, _standby.First90k),
            };
        }
    }

    static SegmentationPlan PlanOf(StreamLease lease) => new()
    {
        Epoch = lease.Epoch,
        FirstMsn = lease.FirstMsn,
        DiscontinuitySequence = lease.DiscontinuitySequence,
        StartsDiscontinuity = lease.StartsDiscontinuity,
        Start90k = lease.Start90k,
        TargetDuration = lease.TargetDuration,
        SegmentDuration = lease.SegmentDuration,
        PartDuration = lease.PartDuration,
        Offset90k = lease.Offset90k,
        StartTime = lease.Offset90k is null ? null : lease.ResumeTime,
        GapsBefore = lease.GapsBefore,
        GapStart90k = lease.GapStart90k,
        GapTime = lease.GapTime,
        RunStart90k = lease.RunStart90k,
        Pace90k = lease.Pace90k,
    };

    // What was kept goes first, from the key frame where the former source's last whole segment ended. Sound that came before that key frame but
    // belongs after it waits for it at the gate.
    void Replay(StreamLease lease)
    {
        if (_standby.Leader is not { } leader)
        {
            return;
        }

        var kept = _standby.Take();
        var first = FirstOf(kept, leader, lease);
        if (first >= 0)
        {
            _start.LeadBy(leader, _marker!);
        }

        for (var index = 0; index < kept.Length; index++)
        {
            var (frame, arrived) = kept[index];
            if (first < 0 || index < first && frame.Track.Kind == leader.Kind)
            {
                frame.Data.Release();
            }
            else
            {
                Deliver(frame, arrived);
            }
        }
    }

    // The key frame to begin with; -1: it has not come yet. Where nothing was on air before, an encoder that waited begins at once, with its last.
    static int FirstOf(StandbyFrame[] kept, TrackInfo leader, StreamLease lease)
    {
        var found = -1;
        for (var index = 0; index < kept.Length; index++)
        {
            var (frame, arrived) = kept[index];
            if (!frame.IsKey || frame.Track.Id != leader.Id)
            {
                continue;
            }

            if (lease.Offset90k is { } offset)
            {
                if (frame.Pts90k + offset >= lease.Start90k - SegmentMarker.AlignedTolerance90k)
                {
                    return index;
                }
            }
            else if (lease.ResumeTime is not { } resume || found < 0 || arrived <= resume)
            {
                found = index;
            }
        }

        return found;
    }

    // A lease that is yielded ends with the open segment: what comes after it is kept as on standby, and the segment's own last sound still goes.
    bool KeepsForStandby(in Frame frame, DateTimeOffset now)
    {
        if (!_yields || _boundary is null && !_marker!.Begins(frame, out _))
        {
            return false;
        }

        _boundary ??= (frame.Pts90k, now);
        var isAfter = frame.Track.Kind == TrackKind.Video || frame.Pts90k >= _boundary.Value.At90k;
        var soundIsComplete = frame.Track.Kind == TrackKind.Audio ? isAfter : !_sights.HasSound;
        if (isAfter)
        {
            _standby.Add(frame, now);
        }
        else
        {
            Deliver(frame, now);
        }

        if (soundIsComplete || now - _boundary.Value.Arrived >= SoundWait)
        {
            CompleteYield(_boundary.Value.At90k);
        }

        return true;
    }

    void CompleteYield(long boundary90k)
    {
        var begins90k = boundary90k + _marker!.Shift90k!.Value;
        var current = _marker.Current!;
        Stop();
        _last = _last with
        {
            OpenMsn = _last.NextMsn,
            Open90k = begins90k,
            OpenTime = current.ProgramDateTime + MediaTime.ToTimeSpan(begins90k - current.Start90k, MediaTime.Hz90k),
            OpenStartsDiscontinuity = false,
            Yielded = true,
        };
        Tell(StreamSignal.SourceChanged);
        HasNews?.Invoke();
    }

    /// <summary>How far a lease came.</summary>
    readonly record struct LeaseProgress(
        long NextMsn, long DiscontinuitySequence, long End90k, int TargetDuration, long OpenMsn, long Open90k, DateTimeOffset OpenTime,
        bool OpenStartsDiscontinuity, long? Shift90k, long RunStart90k, bool Yielded)
    {
        public static LeaseProgress Of(SegmentMarker marker, StreamLease lease) => new(
            marker.NextMsn, marker.DiscontinuitySequence, marker.End90k, marker.TargetDuration, lease.FirstMsn, lease.Start90k,
            lease.ResumeTime ?? default, lease.StartsDiscontinuity, null, lease.RunStart90k ?? lease.Start90k, false);

        // Where nothing was cut yet, the lease itself says where it would begin.
        public static LeaseProgress Of(SegmentMarker marker, LeaseProgress before) => marker.Current is not { } open ? before : new(
            marker.NextMsn, marker.DiscontinuitySequence, marker.End90k, marker.TargetDuration, open.Msn, open.Start90k,
            open.ProgramDateTime, open.StartsDiscontinuity, marker.Shift90k, open.RunStart90k, false);
    }
}
