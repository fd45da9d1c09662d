using System.Diagnostics;
using Tributary.Grains.Recordings;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Bench;

/// <summary>
/// What recording costs, from marked frames to journals on this machine's disk: muxing, gathering, checksum, writing, and a flush per second of media. Processor
/// time of the whole process per Mb/s that is recorded, which includes making the frames. A flush is that of the media and then of the index: how many a second
/// one recorder after the other could have, and so as many recordings this disk can acknowledge every second.
/// </summary>
static class RecordingBench
{
    const int Seconds = 600, FramesPerSecond = 30, Key = 40_000, Other = 10_000;

    static readonly TrackInfo Video = new() { Id = 1, Codec = Codec.H264, Timescale = 90_000, CodecString = "avc1.64001f", Width = 1280, Height = 720, DecoderConfig = new byte[] { 1, 0x64, 0, 0x1F, 0xFF, 0xE0, 0 } };

    public static Task Run()
    {
        var folder = Directory.CreateTempSubdirectory("recording-bench-").FullName;
        try
        {
            var table = new Table("recording", "path", "media_seconds", "mbit_per_second", "core_per_mbit_per_second", "bytes_allocated_per_frame", "gen0",
                "flushes", "flushes_per_second", "flush_ms_p50", "flush_ms_p99");
            Measure(table, "frames and window", null);
            Measure(table, "frames, window, journal", new JournalFolder(folder));
            table.Print();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return Task.CompletedTask;
    }

    static void Measure(Table table, string path, JournalFolder? folder)
    {
        var pool = new FramePool();
        using var arena = new FrameArena(pool);
        using var window = new LiveWindow(new LiveWindowOptions { Window = TimeSpan.FromSeconds(10) }, LiveMuxers.All);
        var writer = folder is null ? null : new JournalBenchWriter(folder, window);
        Push(window, arena, writer, 0, 60);
        GC.Collect();
        var (cpu, gen0, allocated) = (Process.GetCurrentProcess().TotalProcessorTime, GC.CollectionCount(0), GC.GetTotalAllocatedBytes());
        var bytes = Push(window, arena, writer, 60, Seconds);
        var used = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        var mbit = bytes * 8 / 1e6 / Seconds;
        table.Add(
            path, Seconds, Math.Round(mbit, 2), Math.Round(used.TotalSeconds / Seconds / mbit, 7),
            Math.Round((double)(GC.GetTotalAllocatedBytes() - allocated) / (Seconds * FramesPerSecond), 1), GC.CollectionCount(0) - gen0,
            writer?.Flushes.Count ?? 0, Math.Round(writer?.FlushesPerSecond ?? 0, 1), Math.Round(writer?.FlushAt(0.5) ?? 0, 3), Math.Round(writer?.FlushAt(0.99) ?? 0, 3));
        writer?.Dispose();
    }

    static long Push(LiveWindow window, FrameArena arena, JournalBenchWriter? writer, int from, int seconds)
    {
        var bytes = 0L;
        var one = new MarkedFrame[1];
        SegmentMark? mark = null;
        for (var index = from * FramesPerSecond; index < (from + seconds) * FramesPerSecond; index++)
        {
            var (segment, within) = (index / (2 * FramesPerSecond), index % (2 * FramesPerSecond));
            mark = within == 0 || mark is null ? Mark(segment) : mark;
            var size = within == 0 ? Key : Other;
            one[0] = new MarkedFrame(
                new Frame(Video, arena.Allocate(size), index * 3_000L, 0, 0, within == 0 ? FrameFlags.Key : 0), mark, within / (FramesPerSecond / 2));
            window.Append(one);
            one[0].Frame.Data.Release();
            bytes += size;
            writer?.Write(index % FramesPerSecond == FramesPerSecond - 1);
        }

        return bytes;
    }

    static SegmentMark Mark(long msn) => new()
    {
        Msn = msn, Epoch = 1, DiscontinuitySequence = 0, StartsDiscontinuity = false, Start90k = msn * 180_000, ProgramDateTime = DateTimeOffset.UnixEpoch.AddSeconds(2 * msn),
        Independent = true, TargetDuration = 2, PartTarget90k = 45_000,
    };

    // As a recorder does it, for one track.
    sealed class JournalBenchWriter(JournalFolder folder, LiveWindow window) : IDisposable
    {
        readonly JournalWriter _writer = new(folder, new JournalPlan("bench", "bench", "bench", 1, 0, TimeSpan.FromMinutes(15)), "bench", TimeProvider.System);
        readonly PartBuffer _buffer = new();
        WindowView? _written;
        long _msn;
        int _part;

        /// <summary>How long each flush took.</summary>
        public List<TimeSpan> Flushes { get; } = [];

        public double FlushesPerSecond => Flushes.Count / Flushes.Sum(static took => took.TotalSeconds);

        public double FlushAt(double share) => Flushes.Order().ElementAt((int)((Flushes.Count - 1) * share)).TotalMilliseconds;

        public void Write(bool sync)
        {
            var view = window.View;
            if (view != _written && view.Leading is { } track)
            {
                _written = view;
                for (; view.Segment(_msn) is { } segment && (segment.Track(track.Slot)?.Init ?? track.OpenInit) is { } init; (_msn, _part) = (_msn + 1, 0))
                {
                    WriteParts(segment, track.Slot, init);
                    if (segment.Track(track.Slot) is not { } share)
                    {
                        break;
                    }

                    _writer.End("v1", segment, 1, share);
                }
            }

            if (sync)
            {
                var began = Stopwatch.GetTimestamp();
                _writer.Sync();
                Flushes.Add(Stopwatch.GetElapsedTime(began));
            }
        }

        void WriteParts(LiveSegment segment, int slot, InitSegment init)
        {
            for (var parts = segment.Parts(slot); _part < parts.Length; _part++)
            {
                using var body = WindowView.TryHoldPart(segment, slot, _part)!;
                _writer.Write("v1", segment, 1, init, _part, parts[_part], _buffer.Gather(body));
            }
        }

        public void Dispose() => _writer.Close();
    }
}
