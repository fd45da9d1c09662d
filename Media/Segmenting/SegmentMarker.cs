using Tributary.Media.Frames;

namespace Tributary.Media.Segmenting;

/// <summary>
/// Cuts a publisher's frames into segments and parts: the only place where that happens. The <em>leading</em> track (the first video track, or
/// audio where there is no video) decides where a segment starts; a frame of another track belongs to the segment in which it is presented,
/// as long as that is the current one or the one before.
/// </summary>
/// <remarks>
/// EXT-X-TARGETDURATION is settled when the first segment ends: the planned duration or that of the first segment, whichever is longer. It
/// never changes afterwards (RFC 8216 §6.2.1), so a segment whose next key frame would come too late is cut without one.
/// </remarks>
public sealed class SegmentMarker(SegmentationPlan plan)
{
    static readonly long LeaderTimeout90k = 3 * MediaTime.Hz90k;

    /// <summary>Two sources' times of the same picture differ by at most this much: each was rounded to milliseconds.</summary>
    public const long AlignedTolerance90k = 270;

    readonly long _segment90k = Ticks90k(plan.SegmentDuration);
    readonly long _part90k = Math.Max(1, Ticks90k(plan.PartDuration));
    readonly long _partTarget90k = PartTargetOf(Ticks90k(plan.PartDuration));
    readonly Dictionary<int, TrackPlace> _tracks = [];
    SegmentMark? _previous;
    SegmentMark? _current;
    TrackInfo? _leader;
    long _epoch = plan.Epoch;
    DateTimeOffset _startTime;
    long _leaderSeen90k;
    long _shift90k;
    long _paces;
    bool _cutPending;
    bool _discontinuityPending;

    /// <summary>The number after that of the segment being cut; the plan's first number before the first key frame.</summary>
    public long NextMsn => _current is null ? plan.FirstMsn : _current.Msn + 1;

    /// <summary>The segment being cut; null before the first key frame.</summary>
    public SegmentMark? Current => _current;

    /// <summary>Timeline minus source time, in 90 kHz ticks; null before the first key frame.</summary>
    public long? Shift90k => _current is null ? null : _shift90k;

    /// <summary>Discontinuities up to and with the current segment; those before the plan's first while nothing was cut.</summary>
    public long DiscontinuitySequence =>
        _current?.DiscontinuitySequence ?? plan.DiscontinuitySequence - (plan.StartsDiscontinuity ? 1 : 0);

    /// <summary>EXT-X-TARGETDURATION in seconds; 0 until it is settled.</summary>
    public int TargetDuration { get; private set; } = plan.TargetDuration;

    /// <summary>End of what was marked, in 90 kHz ticks of the stream's timeline.</summary>
    public long End90k { get; private set; } = plan.Start90k;

    /// <summary>The rule by which the first segment settles EXT-X-TARGETDURATION; gateways use it where a stream ends within that segment.</summary>
    /// <param name="planned">Whole seconds of the planned segment duration.</param>
    public static int TargetDurationOf(int planned, long duration90k) =>
        Math.Max(planned, (int)((duration90k + MediaTime.Hz90k / 2) / MediaTime.Hz90k));

    /// <summary>
    /// PART-TARGET where parts are cut so long: frames do not end where parts should, so it has room for one more, of up to a fifteenth (RFC 8216bis
    /// §4.4.3.7: no part is longer; those that are not a segment's last have at least 85% of it).
    /// </summary>
    public static long PartTargetOf(long part90k) => part90k + part90k / 15;

    /// <summary>Whether frames of this one's track decide where segments start.</summary>
    public bool Leads(in Frame frame) => frame.Track.Id == _leader?.Id;

    /// <summary>Lets <paramref name="track"/> decide where segments start; before its first key frame nothing is marked.</summary>
    public void Follow(TrackInfo track) => _leader = track;

    /// <summary>
    /// Gives <paramref name="frame"/> its place. False before the first key frame, and where a frame cannot be decoded or presented with what
    /// was cut so far; such a frame is left out.
    /// </summary>
    /// <param name="now">The wall clock, for EXT-X-PROGRAM-DATE-TIME; read at the first key frame only.</param>
    public bool TryMark(in Frame frame, DateTimeOffset now, out MarkedFrame marked)
    {
        marked = default;
        if (_current is null && !TryStart(frame, now))
        {
            return false;
        }

        var placed = frame with { Dts = frame.Dts + MediaTime.RescaleNearest(_shift90k, MediaTime.Hz90k, frame.Track.Timescale) };
        var place = PlaceOf(placed.Track);
        if (!TryFollowConfiguration(placed, place))
        {
            return false;
        }

        ChooseLeader(placed);
        if (placed.Track.Id == _leader!.Id)
        {
            Lead(placed);
        }

        if (!TryChooseSegment(placed, place, out var segment))
        {
            return false;
        }

        place.Enter(placed, segment, _part90k, _partTarget90k);
        End90k = Math.Max(End90k, placed.Pts90k + place.Step90k);
        marked = new MarkedFrame(placed, segment, place.Part);
        return true;
    }

    /// <summary>Later segments are cut under this epoch; nothing else changes.</summary>
    public void Renew(long epoch) => _epoch = epoch;

    /// <summary>Ends the segment that is open, as when the source is lost.</summary>
    public void Close()
    {
        if (_current is not null)
        {
            Settle(End90k - _current.Start90k);
        }
    }

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

    // A new decoder configuration of the leading track starts a discontinuity at its key frame. One of another track asks for a discontinuity
    // and waits for it, since a segment has one configuration.
    bool TryFollowConfiguration(in Frame frame, TrackPlace place)
    {
        if (place.Configuration is null || place.Configuration == (object)frame.Track || place.Configuration.IsSameConfiguration(frame.Track))
        {
            place.Configuration = frame.Track;
            return true;
        }

        if (frame.Track.Id == _leader!.Id)
        {
            if (!frame.IsKey)
            {
                return false;
            }

            _discontinuityPending = true;
            place.Configuration = frame.Track;
            return true;
        }

        place.ConfigurationFrom ??= _current!.Msn + 1;
        _discontinuityPending |= _current!.Msn < place.ConfigurationFrom;
        if (_current.Msn < place.ConfigurationFrom || frame.Pts90k < _current.Start90k)
        {
            return false;
        }

        place.Configuration = frame.Track;
        place.ConfigurationFrom = null;
        return true;
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

    bool TryChooseSegment(in Frame frame, TrackPlace place, out SegmentMark segment)
    {
        segment = _current!;
        if (frame.Track.Id == _leader!.Id || frame.Pts90k >= segment.Start90k || place.Segment == (object)segment)
        {
            return true;
        }

        segment = _previous!;
        return _previous is not null;
    }

    TrackPlace PlaceOf(TrackInfo track)
    {
        if (!_tracks.TryGetValue(track.Id, out var place))
        {
            _tracks.Add(track.Id, place = new TrackPlace());
        }

        return place;
    }

    static int Seconds(long ticks90k) => (int)((ticks90k + MediaTime.Hz90k - 1) / MediaTime.Hz90k);

    static long Ticks90k(TimeSpan span) => MediaTime.Rescale(span.Ticks, (int)TimeSpan.TicksPerSecond, MediaTime.Hz90k);

    /// <summary>How far one track has come.</summary>
    sealed class TrackPlace
    {
        const long Rounding90k = 135;   // encoders' times are rounded to milliseconds

        long _partStart90k, _partEnd90k;
        long _last90k = long.MinValue;

        public TrackInfo? Configuration { get; set; }

        /// <summary>The first segment that may have the configuration that waits.</summary>
        public long? ConfigurationFrom { get; set; }

        public SegmentMark? Segment { get; private set; }

        public int Part { get; private set; }

        /// <summary>Distance of the last two frames in 90 kHz ticks.</summary>
        public long Step90k { get; private set; }

        // Parts end at the first frame at or behind each multiple of their length, so that a segment of four such lengths has four parts. If none was longer
        // than that length, its last would have one frame or two: hls.js does not fetch those of sound now and then, and stands still for seconds.
        public void Enter(in Frame frame, SegmentMark segment, long part90k, long target90k)
        {
            var dts90k = frame.Dts90k;
            if (_last90k != long.MinValue)
            {
                Step90k = dts90k - _last90k;
            }

            if (Segment != (object)segment)
            {
                (Segment, Part, _partStart90k, _partEnd90k) = (segment, 0, dts90k, dts90k + part90k);
            }
            else if (dts90k + Rounding90k >= _partEnd90k || dts90k - _partStart90k + Step90k > target90k)
            {
                (Part, _partStart90k) = (Part + 1, dts90k);
                var behind = dts90k + part90k / 2 - _partEnd90k;
                _partEnd90k += behind > 0 ? (behind + part90k - 1) / part90k * part90k : 0;
            }

            _last90k = dts90k;
        }
    }
}
