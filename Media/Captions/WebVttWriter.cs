using System.Text;

namespace Tributary.Media.Captions;

/// <summary>Writes WebVTT (W3C): a whole file, or a segment of one as HLS wants it (RFC 8216 §3.5), where a cue that spans two segments stands in both.</summary>
public static class WebVttWriter
{
    /// <summary>The bytes of the cues of a window, behind the file's header.</summary>
    /// <param name="timestampMap">What X-TIMESTAMP-MAP maps to, for example <c>MPEGTS:0,LOCAL:00:00:00.000</c>; empty for no such line.</param>
    public static byte[] Write(CaptionsFile file, CaptionWindow window, string timestampMap = "")
    {
        var text = new StringBuilder("WEBVTT");
        WriteHeader(text, file.Header, timestampMap);
        foreach (var cue in window.Of(file))
        {
            if (cue.Id.Length > 0)
            {
                text.Append(cue.Id).Append('\n');
            }

            text.Append(CueTime.Format(cue.Start)).Append(" --> ").Append(CueTime.Format(cue.End));
            text.Append(cue.Settings.Length > 0 ? " " : "").Append(cue.Settings).Append('\n').Append(cue.Text).Append("\n\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    static void WriteHeader(StringBuilder text, string header, string timestampMap)
    {
        var line = header.IndexOf('\n', StringComparison.Ordinal);
        text.Append(line < 0 ? header : header.AsSpan(0, line)).Append(line < 0 ? "\r\n" : "\n");
        if (timestampMap.Length > 0)
        {
            text.Append("X-TIMESTAMP-MAP=").Append(timestampMap).Append("\r\n");
        }

        text.Append(line < 0 ? "\r\n" : header.AsSpan(line + 1));
        if (line >= 0 && !header.EndsWith("\n\n", StringComparison.Ordinal))
        {
            text.Append('\n');   // cues begin behind an empty line
        }
    }
}
