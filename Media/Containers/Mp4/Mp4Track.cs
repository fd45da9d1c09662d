using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Mp4;

/// <summary>A track of a progressive file: its sample tables (ISO/IEC 14496-12 §8.6 and §8.7), checked, and searched when a frame is asked for.</summary>
sealed class Mp4Track(TimeToSample? times, CompositionOffsets? compositions, SyncSamples? sync, SamplePlaces? places) : SourceTrack
{
    public override int FrameCount => times?.FrameCount ?? 0;

    public override long TotalBytes => places?.TotalBytes ?? 0;

    public override bool HasKeyFrameTable => sync is not null;

    public long MemoryBytes => (times?.MemoryBytes ?? 0) + (compositions?.MemoryBytes ?? 0) + (sync?.MemoryBytes ?? 0) + (places?.MemoryBytes ?? 0);

    public override int FindFrame(long decodeTime) => times?.FindFrame(decodeTime) ?? 0;

    public override long DecodeTimeOf(int frame) => times?.TimeOf(Math.Max(0, frame)) ?? 0;

    public override int NextKeyFrame(int frame) => Math.Min(sync is null ? Math.Max(0, frame) : sync.FrameAt(sync.Find(Math.Max(0, frame))), FrameCount);

    public override int PreviousKeyFrame(int frame)
    {
        frame = Math.Min(frame, FrameCount - 1);
        if (sync is null || frame < 0)
        {
            return frame;
        }

        var place = sync.Find(frame);
        return sync.FrameAt(place) == frame ? frame : sync.FrameAt(place - 1);
    }

    public override int Read(int first, Span<SourceFrame> frames)
    {
        var count = Math.Min(frames.Length, Math.Min(FrameCount, places?.FrameCount ?? 0) - first);
        if (count <= 0 || first < 0 || times is null || places is null)
        {
            return 0;
        }

        var place = places.At(first);
        var run = times.RunOf(first);
        var composition = compositions?.RunOf(first) ?? 0;
        var key = sync?.Find(first) ?? 0;
        var time = times.TimeOf(first);
        for (var i = 0; i < count; i++)
        {
            var frame = first + i;
            while (frame >= times.EndOf(run))
            {
                run++;
            }

            while (compositions is not null && frame >= compositions.EndOf(composition))
            {
                composition++;
            }

            if (place.Size > int.MaxValue)
            {
                return i;
            }

            var isKey = sync is null || sync.FrameAt(key) == frame;
            var duration = times.DurationIn(run);
            frames[i] = new SourceFrame(place.Offset, (int)place.Size, time, duration, compositions?.OffsetIn(composition) ?? 0, isKey);
            time += duration;
            while (sync is not null && sync.FrameAt(key) <= frame)
            {
                key++;
            }

            if (i + 1 < count)
            {
                place.MoveNext();
            }
        }

        return count;
    }
}
