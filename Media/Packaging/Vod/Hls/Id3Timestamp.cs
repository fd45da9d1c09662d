using System.Globalization;
using Tributary.Media.Containers;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>
/// The ID3 tag of a segment that says when it was: a frame TEXT of ID3v2.4 (id3.org, §4.2) in UTF-8. What it says is configured; by default the time in
/// milliseconds and the sequence, as JSON with a zero behind it.
/// </summary>
static class Id3Timestamp
{
    /// <summary>The tag of a segment; empty where none is asked for.</summary>
    internal static ReadOnlyMemory<byte> Of(MediaSet set, int segment)
    {
        if (!set.Options.Hls.OutputId3Timestamps || set.Timeline.RangesOf(segment) is not [var first, ..])
        {
            return default;
        }

        var time = set.Timeline.TimeOf(first);
        var duration = Math.Min(first.To, set.Timeline.Durations[first.Clip]) - first.From;
        var sequence = set.Clips[first.Clip].Select(track => track.SequenceDescription.Id).FirstOrDefault("");
        return Id3Text.Tag(set.Options.Hls.Id3Data is { } configured ? Evaluate(configured, time, duration, sequence) : Default(time, sequence));
    }

    static string Default(long time, string sequence) =>
        sequence.Length == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{{\"timestamp\":{time}}}\0")
            : string.Create(CultureInfo.InvariantCulture, $"{{\"timestamp\":{time},\"sequenceId\":\"{sequence}\"}}\0");

    static string Evaluate(string text, long time, long duration, string sequence) => text
        .Replace("$vod_segment_time", time.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("$vod_segment_duration", duration.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("$vod_sequence_id", sequence, StringComparison.Ordinal);
}
