using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod;

/// <summary>Path parameters of a packager's URL: pairs of a name and a value anywhere in the path, as in <c>/clipFrom/5000/clipTo/25000/video.mp4</c>.</summary>
static class VodPathParameters
{
    /// <summary>Takes the parameters out of a path.</summary>
    /// <returns>False where a parameter's value makes no sense; <paramref name="reason"/> says which.</returns>
    public static bool TryRead(string path, VodUrlOptions names, [NotNullWhen(true)] out VodSourceUri? source, out string reason)
    {
        var (read, rest, parts) = (new VodSourceUri(""), new StringBuilder(path.Length), path.Split('/'));
        (source, reason) = (null, "");
        for (var at = 1; at < parts.Length; at++)
        {
            if (at + 1 < parts.Length && Set(read, names, parts[at], parts[at + 1]) is { } set)
            {
                if (!set.IsValid)
                {
                    reason = $"The value of /{parts[at]}/ makes no sense.";
                    return false;
                }

                read = set.Source;
                at++;
                continue;
            }

            rest.Append('/').Append(parts[at]);
        }

        if (read.ClipTo is { } end && end <= read.ClipFrom)
        {
            reason = $"{names.ClipToName} is not after {names.ClipFromName}.";
            return false;
        }

        source = read with { Path = rest.ToString(), Uri = path };
        return true;
    }

    readonly record struct Result(bool IsValid, VodSourceUri Source);

    // Null where the name is no parameter's.
    static Result? Set(VodSourceUri source, VodUrlOptions names, string name, string value)
    {
        if (name == names.ClipFromName)
        {
            return new(TryMilliseconds(value, out var from), source with { ClipFrom = from });
        }

        if (name == names.ClipToName)
        {
            return new(TryMilliseconds(value, out var to), source with { ClipTo = to });
        }

        if (name == names.TracksName)
        {
            return new(TryTracks(value, out var tracks), source with { Tracks = tracks });
        }

        if (name == names.TimeShiftName)
        {
            return new(TryShift(value, out var shift), source with { Shift = shift });
        }

        if (name == names.LanguageName)
        {
            return new(value.Length >= 3 && LanguageCodes.IsKnown(value), source with { Language = value });
        }

        return name == names.SpeedName ? new(TrySpeed(value, out var speed), source with { Speed = speed }) : null;
    }

    static bool TryMilliseconds(string text, out long milliseconds) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out milliseconds) && milliseconds <= MaxMilliseconds;

    /// <summary>Longest clip that a URL can name: 100 years.</summary>
    const long MaxMilliseconds = 100L * 366 * 86_400_000;

    /// <summary>Reads tracks as in <c>v1-a1-a2</c>; number 0 means all of the kind.</summary>
    internal static bool TryTracks(string text, out TrackSelection tracks)
    {
        tracks = default;
        foreach (var part in text.Split('-'))
        {
            if (part.Length < 2 || !TryTrackBits(part.AsSpan(1), out var bits))
            {
                return false;
            }

            switch (part[0])
            {
                case 'v': tracks = tracks with { Video = tracks.Video | bits }; break;
                case 'a': tracks = tracks with { Audio = tracks.Audio | bits }; break;
                case 's': tracks = tracks with { Subtitles = tracks.Subtitles | bits }; break;
                default: return false;
            }
        }

        return true;
    }

    internal static bool TryTrackBits(ReadOnlySpan<char> number, out ulong bits)
    {
        bits = 0;
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index > 64)
        {
            return false;
        }

        bits = index == 0 ? ulong.MaxValue : 1ul << (index - 1);
        return true;
    }

    static bool TryShift(string text, out TimeShift shift)
    {
        shift = default;
        foreach (var part in text.Split('-'))
        {
            if (part.Length < 2 || !TryMilliseconds(part[1..], out var milliseconds))
            {
                return false;
            }

            switch (part[0])
            {
                case 'v': shift = shift with { Video = milliseconds }; break;
                case 'a': shift = shift with { Audio = milliseconds }; break;
                case 's': shift = shift with { Subtitles = milliseconds }; break;
                default: return false;
            }
        }

        return true;
    }

    static bool TrySpeed(string text, out decimal speed) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out speed) && speed is >= 0.5m and <= 2;
}
