using Tributary.Media.Frames;
using Tributary.Protocols.Flv;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// Sends frames through a <see cref="RtmpPublishClient"/> that is on the air: each track's configuration before its first frame and when it
/// changes.
/// </summary>
public sealed class RtmpFromFrames(RtmpPublishClient client)
{
    const int Milliseconds = 1_000;

    readonly Dictionary<int, TrackInfo> _announced = [];

    /// <summary>Sends one frame; its reference stays with the caller.</summary>
    public void Send(in Frame frame)
    {
        var track = frame.Track;
        var dts = MediaTime.RescaleNearest(frame.Dts, track.Timescale, Milliseconds);
        var pts = MediaTime.RescaleNearest(frame.Pts, track.Timescale, Milliseconds);
        if (!_announced.TryGetValue(track.Id, out var last) || (!ReferenceEquals(last, track) && !last.IsSameConfiguration(track)))
        {
            SendTag(track, (uint)dts, [], FlvFromFrames.Configuration(track));
        }

        _announced[track.Id] = track;
        Span<byte> head = stackalloc byte[FlvFromFrames.LongestHead];
        var used = FlvFromFrames.WriteHead(frame, (int)(pts - dts), head);
        SendTag(track, (uint)dts, head[..used], frame.Data.Span);
    }

    void SendTag(TrackInfo track, uint timestamp, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        if (head.Length + body.Length == 0)
        {
            return;   // nothing to announce
        }

        if (track.Kind == TrackKind.Video)
        {
            client.SendVideo(timestamp, head, body);
        }
        else
        {
            client.SendAudio(timestamp, head, body);
        }
    }
}
