using System.Globalization;
using System.Text.Json;

namespace Tributary.EndToEnd.Harness;

/// <summary>ffmpeg as publisher and reader: the independent opinion.</summary>
static class Ffmpeg
{
    /// <summary>Publishes a file as it is, in real time.</summary>
    public static ChildProcess Publish(string file, string url, params string[] input) =>
        ChildProcess.Start("ffmpeg", ["-nostdin", "-v", "warning", "-re", .. input, "-i", file, "-c", "copy", "-f", "flv", url]);

    /// <summary>The kinds and names of the streams that ffprobe finds: <c>video/h264</c>, <c>audio/aac</c>; each once, or all.</summary>
    public static async Task<string[]> Streams(string input, bool distinct = true)
    {
        using var answer = JsonDocument.Parse(await ChildProcess.Run(
            "ffprobe", ["-v", "error", "-of", "json", "-show_entries", "stream=codec_type,codec_name", input], TimeSpan.FromSeconds(40)));
        var all = answer.RootElement.GetProperty("streams").EnumerateArray()
            .Select(stream => $"{stream.GetProperty("codec_type").GetString()}/{stream.GetProperty("codec_name").GetString()}").Order(StringComparer.Ordinal);
        return [.. distinct ? all.Distinct() : all];
    }

    /// <summary>What the decoders complain about in a file; nothing is the only good answer. Every frame keeps its own time, however odd.</summary>
    public static async Task<string> DecodeErrors(string file)
    {
        await using var decoder = ChildProcess.Start(
            "ffmpeg", ["-nostdin", "-v", "warning", "-i", file, "-fps_mode", "passthrough", "-enc_time_base:v", "1:90000", "-f", "null", "-"]);
        await decoder.Exits(TimeSpan.FromSeconds(60));
        return decoder.Errors;
    }

    /// <summary>
    /// Every packet of one track, its bytes hashed in a form that containers share: access units as Annex B without parameter sets and delimiters, AAC without ADTS.
    /// </summary>
    public static async Task<Packet[]> Packets(string file, char track, bool annexB = false)
    {
        var filter = (track, annexB) switch
        {
            ('v', false) => "h264_mp4toannexb,filter_units=remove_types=7|8|9",
            ('v', true) => "filter_units=remove_types=7|8|9",
            (_, true) => "aac_adtstoasc",
            _ => "null",
        };
        var text = await ChildProcess.Run(
            "ffmpeg",
            ["-nostdin", "-v", "error", "-copyts", "-i", file, "-map", $"0:{track}:0", "-c", "copy", $"-bsf:{track}", filter, "-copyts", "-enc_time_base", "-1",
                "-f", "framehash", "-hash", "md5", "-"],
            TimeSpan.FromSeconds(60));
        return ParseFrameHash(text);
    }

    // #tb 0: 1/1000
    // 0,          0,          0,       33,     8342, 0x…
    static Packet[] ParseFrameHash(string text)
    {
        long numerator = 1, denominator = 1;
        var packets = new List<Packet>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("#tb 0: ", StringComparison.Ordinal))
            {
                var parts = line[7..].Split('/');
                (numerator, denominator) = (Parse(parts[0]), Parse(parts[1]));
            }
            else if (line[0] != '#')
            {
                var fields = line.Split(',', StringSplitOptions.TrimEntries);
                packets.Add(new Packet(Parse(fields[1]) * numerator, Parse(fields[2]) * numerator, denominator, (int)Parse(fields[4]), fields[5]));
            }
        }

        return [.. packets];
    }

    static long Parse(string number) => long.Parse(number, CultureInfo.InvariantCulture);
}

/// <summary>One coded frame as another program read it. Times in ticks of <paramref name="Hz"/>.</summary>
sealed record Packet(long Dts, long Pts, long Hz, int Size, string Hash)
{
    public double DtsMilliseconds => Dts * 1000.0 / Hz;

    public double PtsMilliseconds => Pts * 1000.0 / Hz;
}
