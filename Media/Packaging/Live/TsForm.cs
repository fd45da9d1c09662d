using System.Buffers;
using System.Diagnostics;
using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>A segment as MPEG transport stream, muxed once; the second reader waits the few milliseconds that the first one needs.</summary>
sealed class TsForm(int video, int audio) : IDisposable
{
    readonly Lock _gate = new();
    PooledBytes? _bytes;

    public int Video => video;

    public int Audio => audio;

    public ReadOnlyMemory<byte> Bytes => _bytes?.Written ?? default;

    /// <summary>Time that muxing took.</summary>
    public TimeSpan Took { get; private set; }

    public void Mux(LiveSegment segment, SegmentMuxers muxers)
    {
        lock (_gate)
        {
            if (_bytes is not null)
            {
                return;
            }

            var started = Stopwatch.GetTimestamp();
            var (picture, sound) = (segment.Track(video), segment.Track(audio));
            var frames = Interleave(picture, sound, out var count);
            var bytes = new PooledBytes((int)Math.Min(int.MaxValue / 2, (picture?.TsLengthBound ?? 0) + (sound?.TsLengthBound ?? 0)));
            var id3 = segment.Mark is { } mark ? muxers.SyncPoint?.Invoke(mark) : null;
            muxers.Ts(bytes, picture?.Init?.Track, sound?.Init?.Track, frames.AsSpan(0, count), segment.Msn, id3);
            ArrayPool<Frame>.Shared.Return(frames, clearArray: true);
            (_bytes, Took) = (bytes, Stopwatch.GetElapsedTime(started));
        }
    }

    public void Dispose() => _bytes?.Dispose();

    // By decoding time; at the same time the picture first. The same on every gateway.
    static Frame[] Interleave(TrackSegment? picture, TrackSegment? sound, out int count)
    {
        var frames = ArrayPool<Frame>.Shared.Rent((picture?.FrameCount ?? 0) + (sound?.FrameCount ?? 0));
        var (pictures, sounds) = (new FrameCursor(picture), new FrameCursor(sound));
        count = 0;
        while (pictures.HasFrame || sounds.HasFrame)
        {
            ref var next = ref pictures.HasFrame && (!sounds.HasFrame || pictures.Frame.Dts90k <= sounds.Frame.Dts90k)
                ? ref pictures
                : ref sounds;
            frames[count++] = next.Frame;
            next.Advance();
        }

        return frames;
    }

    struct FrameCursor(TrackSegment? segment)
    {
        readonly TrackPart[] _parts = segment?.Parts ?? [];
        int _part;
        int _frame;

        public readonly bool HasFrame => _part < _parts.Length;

        public readonly ref readonly Frame Frame => ref _parts[_part].Frames[_frame];

        public void Advance()
        {
            if (++_frame == _parts[_part].Frames.Length)
            {
                (_part, _frame) = (_part + 1, 0);
            }
        }
    }
}
