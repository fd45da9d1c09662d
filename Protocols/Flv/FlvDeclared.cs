using System.Globalization;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Flv;

/// <summary>
/// What onMetaData says (Video File Format 10.1, E.5). Encoders lie in it, so it is shown to people and never steers a muxer.
/// </summary>
sealed class FlvDeclared
{
    const int MostValues = 64, LongestText = 256;

    double _frameRate, _videoKilobits, _audioKilobits;

    /// <summary>Takes what was declared; answers its plain values.</summary>
    public IReadOnlyDictionary<string, string> Take(AmfValue metadata)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in metadata.Properties)
        {
            var text = value.ToString();
            if (text.Length > 0 && values.Count < MostValues)
            {
                values[Shorten(key)] = Shorten(text);
            }
        }

        (_frameRate, _videoKilobits, _audioKilobits) =
            (Number(metadata["framerate"]), Number(metadata["videodatarate"]), Number(metadata["audiodatarate"]));
        return values;
    }

    /// <summary>The track with what was declared for it, the same object if that is nothing new.</summary>
    public TrackInfo Apply(TrackInfo track)
    {
        var bitrate = (int)((track.Kind == TrackKind.Video ? _videoKilobits : _audioKilobits) * 1_000);
        var milliFrames = track.Kind == TrackKind.Video && track.MilliFramesPerSecond == 0
            ? (int)(_frameRate * 1_000)
            : track.MilliFramesPerSecond;
        return (bitrate == 0 || bitrate == track.DeclaredBitrate) && milliFrames == track.MilliFramesPerSecond
            ? track
            : track with { DeclaredBitrate = bitrate == 0 ? track.DeclaredBitrate : bitrate, MilliFramesPerSecond = milliFrames };
    }

    // Some encoders write their numbers as text.
    static double Number(AmfValue value)
    {
        var number = value.Kind == AmfKind.String
            ? double.TryParse(value.String, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0
            : value.Number;
        return number is > 0 and < 1_000_000 ? number : 0;
    }

    // As a page or a log line can bear it: some encoders leave a NUL at the end.
    static string Shorten(string text)
    {
        var shorter = text.Length <= LongestText ? text : text[..LongestText];
        return shorter.Any(char.IsControl) ? string.Concat(shorter.Where(static letter => !char.IsControl(letter))) : shorter;
    }
}
