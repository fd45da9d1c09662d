using System.Globalization;

namespace Tributary.Media.Packaging.Smooth;

/// <summary>
/// What a URL below a Smooth Streaming presentation asks for ([MS-SSTR] §2.2.3):
/// <code>QualityLevels(BITRATE)/Fragments(video=TIME)   QualityLevels(BITRATE)/Fragments(audio1=TIME)</code>
/// The bitrate is as the manifest writes it: its last three digits are the number of the track, so that what was published stays right while what is
/// measured moves.
/// </summary>
/// <param name="IsVideo">Whether the stream is the picture.</param>
/// <param name="Track">Number of the track among those of its kind.</param>
/// <param name="Time">Start of the fragment in ticks of 100 ns.</param>
public readonly record struct SmoothRequest(bool IsVideo, int Track, long Time)
{
    const int LongestPath = 96;

    /// <summary>Bits per second, rounded up to whole kilobits, and the number of the track in the last three digits.</summary>
    public static long BitrateOf(long bitsPerSecond, int track) => (Math.Max(bitsPerSecond, 1) + 999) / 1_000 * 1_000 + track;

    public static bool TryParse(ReadOnlySpan<char> path, out SmoothRequest request)
    {
        request = default;
        if (path.Length > LongestPath || !TryTake(ref path, "QualityLevels(") || !TryTakeNumber(ref path, out var bitrate)
            || !TryTake(ref path, ")/Fragments("))
        {
            return false;
        }

        var isVideo = TryTake(ref path, "video");
        var named = 0L;
        if (!isVideo && !(TryTake(ref path, "audio") && TryTakeNumber(ref path, out named)))
        {
            return false;
        }

        var track = (int)(bitrate % 1_000);
        var parsed = TryTake(ref path, "=") & TryTakeNumber(ref path, out var time) && path is ")" && track > 0 && (isVideo || named == track);
        request = new SmoothRequest(isVideo, track, time);
        return parsed;
    }

    static bool TryTake(ref ReadOnlySpan<char> path, string text)
    {
        if (!path.StartsWith(text, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        path = path[text.Length..];
        return true;
    }

    static bool TryTakeNumber(ref ReadOnlySpan<char> path, out long number)
    {
        var length = path.IndexOfAnyExceptInRange('0', '9');
        var digits = length < 0 ? path : path[..length];
        path = path[digits.Length..];
        number = 0;
        return digits.Length is > 0 and <= 18 && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
