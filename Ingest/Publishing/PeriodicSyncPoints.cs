using System.Globalization;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;

namespace Tributary.Ingest.Publishing;

/// <summary>
/// Sync points that somebody asked for (liveStream.createPeriodicSyncPoints): one in every interval until the end of the order, on the frames that decide
/// where segments are cut.
/// </summary>
sealed class PeriodicSyncPoints(string stream, SyncPointOrder order, DateTimeOffset began)
{
    DateTimeOffset _next = DateTimeOffset.MinValue;

    public SyncPointOrder Order => order;

    /// <summary>The point that is due with this frame; null: none is.</summary>
    /// <param name="marked">A frame with its place.</param>
    public TimedMetadata? At(in MarkedFrame marked)
    {
        var now = marked.Segment.ProgramDateTime + MediaTime.ToTimeSpan(marked.Frame.Pts90k - marked.Segment.Start90k, MediaTime.Hz90k);
        if (now < _next || now >= order.Until)
        {
            return null;
        }

        _next = now - _next < order.Interval ? _next + order.Interval : now + order.Interval;
        var (timestamp, offset) = (now.ToUnixTimeMilliseconds(), (long)(now - began).TotalMilliseconds);
        return new TimedMetadata((int)(marked.Frame.Pts90k - marked.Frame.Dts90k), string.Create(
            CultureInfo.InvariantCulture, $"{{\"objectType\":\"KalturaSyncPoint\",\"id\":\"{stream}_{timestamp}\",\"offset\":{offset},\"timestamp\":{timestamp}}}"));
    }
}
