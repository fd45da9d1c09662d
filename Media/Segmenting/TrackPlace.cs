using Tributary.Media.Frames;

namespace Tributary.Media.Segmenting;

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
