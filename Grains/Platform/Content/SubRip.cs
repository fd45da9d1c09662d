using System.Text;

namespace Tributary.Grains.Platform.Content;

/// <summary>SubRip text as WebVTT: the same cues, with points in their times and a head.</summary>
public static class SubRip
{
    public static string ToWebVtt(string text)
    {
        var result = new StringBuilder("WEBVTT\n\n", text.Length + 16);
        foreach (var line in text.TrimStart('\uFEFF').Split('\n'))
        {
            var plain = line.TrimEnd('\r');
            result.Append(plain.Contains("-->", StringComparison.Ordinal) ? plain.Replace(',', '.') : plain).Append('\n');
        }

        return result.ToString();
    }
}
