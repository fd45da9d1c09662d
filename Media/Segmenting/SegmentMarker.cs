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
public sealed partial class SegmentMarker(SegmentationPlan plan)
{
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
}
