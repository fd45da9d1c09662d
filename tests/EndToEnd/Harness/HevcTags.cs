using System.Globalization;
using System.Text.Json;

namespace Tributary.EndToEnd.Harness;

/// <summary>Turns an HEVC file into enhanced RTMP tags, with ffprobe as the demuxer: it says where each packet lies in the file.</summary>
static class HevcTags
{
    public static async Task<IReadOnlyList<FlvTag>> Read(string mp4)
    {
        using var probe = JsonDocument.Parse(await ChildProcess.Run(
            "ffprobe",
            ["-v", "error", "-of", "json", "-show_data", "-show_entries", "stream=codec_name,extradata:packet=codec_type,pts_time,dts_time,pos,size,flags", mp4],
            TimeSpan.FromSeconds(30)));
        var file = await File.ReadAllBytesAsync(mp4);
        var tags = new List<FlvTag>();
        foreach (var stream in probe.RootElement.GetProperty("streams").EnumerateArray())
        {
            var configuration = FromDump(stream.GetProperty("extradata").GetString()!);
            tags.Add(stream.GetProperty("codec_name").GetString() == "hevc"
                ? new FlvTag(FlvFile.Video, 0, FlvFile.EnhancedVideo("hvc1", 0, true, 0, configuration))
                : new FlvTag(FlvFile.Audio, 0, (byte[])[0xAF, 0, .. configuration]));
        }

        var packets = probe.RootElement.GetProperty("packets").EnumerateArray().Select(packet => (
            IsVideo: packet.GetProperty("codec_type").GetString() == "video",
            Dts: Milliseconds(packet, "dts_time"),
            Pts: Milliseconds(packet, "pts_time"),
            IsKey: packet.GetProperty("flags").GetString()!.Contains('K', StringComparison.Ordinal),
            Data: file.AsMemory(Number(packet, "pos"), Number(packet, "size")))).OrderBy(packet => packet.Dts).ToList();
        var start = packets[0].Dts;
        tags.AddRange(packets.Select(packet => packet.IsVideo
            ? new FlvTag(FlvFile.Video, (uint)(packet.Dts - start), FlvFile.EnhancedVideo("hvc1", 1, packet.IsKey, packet.Pts - packet.Dts, packet.Data.Span))
            : new FlvTag(FlvFile.Audio, (uint)(packet.Dts - start), (byte[])[0xAF, 1, .. packet.Data.Span])));
        return tags;
    }

    static int Milliseconds(JsonElement packet, string name) =>
        (int)Math.Round(double.Parse(packet.GetProperty(name).GetString()!, CultureInfo.InvariantCulture) * 1000);

    static int Number(JsonElement packet, string name) => int.Parse(packet.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);

    // "\n00000000: 0101 6000 0000 9000 …  ..`.....\n"
    static byte[] FromDump(string dump) => [.. dump.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(line => Convert.FromHexString(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].TrimStart().Split("  ")[0].Replace(" ", "", StringComparison.Ordinal)))];
}
