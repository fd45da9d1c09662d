using Tributary.Media.Sources;

namespace Tributary.Fuzz.Targets;

/// <summary>What must hold for the tracks of any file that a reader opened, however damaged.</summary>
static class SourceTracks
{
    const int MostFrames = 2_000;

    public static void Check(MediaReading reading, long memoryLimit)
    {
        Holds.That(reading.File is null == (reading.Failure != MediaFailure.None), "A file and a failure, or neither.");
        Holds.That(reading.File is null == (reading.Reason.Length > 0), "A failure without a reason.");
        foreach (var track in reading.File?.Tracks ?? [])
        {
            Check(track);
        }

        Holds.That(reading.File is null || reading.File.MemoryBytes <= memoryLimit, "More memory than the file is worth.");
    }

    static void Check(SourceTrack track)
    {
        Holds.That(track.FrameCount >= 0 && track.Duration >= 0 && track.TotalBytes >= 0, "A track of less than nothing.");
        Holds.That(track.Info.Timescale > 0, "A track without a clock.");
        var frames = new SourceFrame[MostFrames];
        var count = track.Read(0, frames);
        Holds.That(count <= track.FrameCount, "More frames than there are.");
        var time = 0L;
        for (var i = 0; i < count; i++)
        {
            var frame = frames[i];
            Holds.That(frame.Size >= 0 && frame.Offset >= 0 && frame.Duration >= 0, "A frame of less than nothing.");
            Holds.That(frame.DecodeTime == time, "Times do not follow from durations.");
            Holds.That(track.DecodeTimeOf(i) == frame.DecodeTime, "A frame has two times.");
            Holds.That((track.NextKeyFrame(i) == i) == frame.IsKey, "A key frame is none, or the reverse.");
            time += frame.Duration;
        }

        Span<SourceFrame> one = stackalloc SourceFrame[1];
        var last = count - 1;
        Holds.That(count == 0 || (track.Read(last, one) == 1 && one[0] == frames[last]), "A frame alone is another than in its row.");
        Holds.That(track.DecodeTimeOf(track.FrameCount) == track.Duration, "The end is not at the end.");
        foreach (var when in (ReadOnlySpan<long>)[-1, 0, track.Duration / 2, track.Duration, long.MaxValue / 8])
        {
            var found = track.FindFrame(when);
            Holds.That(found >= 0 && found <= track.FrameCount, "A frame is found that is not there.");
            Holds.That(found == track.FrameCount || track.DecodeTimeOf(found) >= when, "A frame is found before its time.");
            Holds.That(found == 0 || track.DecodeTimeOf(found - 1) < when, "An earlier frame would have done.");
        }
    }
}
