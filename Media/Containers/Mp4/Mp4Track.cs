using Tributary.Media.Sources;

namespace Tributary.Media.Containers.Mp4;

/// <summary>A track of a progressive file: its sample tables (ISO/IEC 14496-12 §8.6 and §8.7), checked, and searched when a frame is asked for.</summary>
sealed class Mp4Track : SourceTrack
{
    readonly SampleTables _tables;

    public Mp4Track(SampleTables tables)
    {
        _tables = tables;
        MinFrameDuration = tables.Times?.MinDuration ?? 0;
        FramesDamage = tables.Damage;
    }

    public override int FrameCount => _tables.Times?.FrameCount ?? 0;

    public override long TotalBytes => _tables.Places?.TotalBytes ?? 0;

    public override bool HasKeyFrameTable => _tables.Sync is not null;

    public long MemoryBytes => (_tables.Times?.MemoryBytes ?? 0) + (_tables.Compositions?.MemoryBytes ?? 0)
        + (_tables.Sync?.MemoryBytes ?? 0) + (_tables.Places?.MemoryBytes ?? 0);

    public override int FindFrame(long decodeTime) => _tables.Times?.FindFrame(decodeTime) ?? 0;

    public override long DecodeTimeOf(int frame) => _tables.Times?.TimeOf(Math.Max(0, frame)) ?? 0;

    public override int NextKeyFrame(int frame)
    {
        frame = Math.Clamp(frame, 0, FrameCount);
        return _tables.Sync is { } sync ? Math.Min(sync.FrameAt(sync.Find(frame)), FrameCount) : frame;
    }

    public override int PreviousKeyFrame(int frame)
    {
        frame = Math.Min(frame, FrameCount - 1);
        if (_tables.Sync is not { } sync || frame < 0)
        {
            return frame;
        }

        var place = sync.Find(frame);
        return sync.FrameAt(place) == frame ? frame : sync.FrameAt(place - 1);
    }

    public override int Read(int first, Span<SourceFrame> frames)
    {
        if (_tables is not { Times: { } times, Places: { } places } || first < 0)
        {
            return 0;
        }

        var count = Math.Min(frames.Length, Math.Min(times.FrameCount, places.FrameCount) - first);
        if (count <= 0)
        {
            return 0;
        }

        var (compositions, sync) = (_tables.Compositions, _tables.Sync);

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
