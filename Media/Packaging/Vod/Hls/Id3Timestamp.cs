using System.Globalization;
using System.Text;
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
        return Tag(set.Options.Hls.Id3Data is { } configured ? Evaluate(configured, time, duration, sequence) : Default(time, sequence));
    }

    static string Default(long time, string sequence) =>
        sequence.Length == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{{\"timestamp\":{time}}}\0")
            : string.Create(CultureInfo.InvariantCulture, $"{{\"timestamp\":{time},\"sequenceId\":\"{sequence}\"}}\0");

    static string Evaluate(string text, long time, long duration, string sequence) => text
        .Replace("$vod_segment_time", time.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("$vod_segment_duration", duration.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("$vod_sequence_id", sequence, StringComparison.Ordinal);

    static byte[] Tag(string text)
    {
        var value = Encoding.UTF8.GetBytes(text);
        var tag = new byte[10 + 10 + 1 + value.Length];
        "ID3"u8.CopyTo(tag);
        tag[3] = 4;
        WriteSize(tag.AsSpan(6), tag.Length - 10);
        "TEXT"u8.CopyTo(tag.AsSpan(10));
        WriteSize(tag.AsSpan(14), 1 + value.Length);
        tag[20] = 3;   // UTF-8
        value.CopyTo(tag.AsSpan(21));
        return tag;
    }

    // Four bytes of seven bits (§6.2).
    static void WriteSize(Span<byte> field, int size)
    {
        for (var i = 0; i < 4; i++)
        {
            field[i] = (byte)(size >> (7 * (3 - i)) & 0x7F);
        }
    }
}
