using System.Diagnostics;
using System.Text.Json;

namespace Tributary.Unit.Containers;

/// <summary>The independent reader and encoder of the container tests. A test that needs it is skipped, with the reason, where it is missing.</summary>
static class Ffmpeg
{
    static readonly Lazy<string?> Missing = new(() => Find("ffmpeg") && Find("ffprobe") ? null : "ffmpeg and ffprobe are not installed");

    public static void Require() => Skip.If(Missing.Value is not null, Missing.Value);

    /// <summary>Runs ffmpeg, which must succeed and, apart from encoders' banners, say nothing.</summary>
    public static void Run(string arguments)
    {
        var (code, _, error) = Start("ffmpeg", "-hide_banner -nostdin -y -v error " + arguments);
        Skip.If(error.Contains("Unknown encoder", StringComparison.Ordinal), "this ffmpeg lacks an encoder: " + error);
        Assert.True(code == 0, $"ffmpeg {arguments}: {error}");
    }

    /// <summary>Decodes everything, stops at the first error, and returns what ffmpeg complained about.</summary>
    public static string Decode(string file)
    {
        var (code, _, error) = Start("ffmpeg", $"-hide_banner -nostdin -v warning -xerror -i {file} -f null -");
        return code == 0 ? error : $"exit code {code}: {error}";
    }

    /// <summary>A text output of ffmpeg on its standard output, such as framemd5.</summary>
    public static string Text(string arguments)
    {
        var (code, output, error) = Start("ffmpeg", "-hide_banner -nostdin -v error " + arguments + " -");
        Assert.True(code == 0, $"ffmpeg {arguments}: {error}");
        return output;
    }

    /// <summary>Every packet of a file as ffprobe sees it, with times in ticks of <paramref name="timescale"/>.</summary>
    public static List<Packet> Packets(string file, int timescale, string options = "")
    {
        var (code, output, error) = Start(
            "ffprobe", $"-v error {options} -show_packets -show_streams -show_data_hash sha256 -of json {file}");
        Assert.True(code == 0 && error.Length == 0, $"ffprobe {file}: {error}");
        using var json = JsonDocument.Parse(output);
        var timeBase = json.RootElement.GetProperty("streams").EnumerateArray()
            .ToDictionary(s => s.GetProperty("index").GetInt32(), s => long.Parse(s.GetProperty("time_base").GetString()!.Split('/')[1]));
        return [.. json.RootElement.GetProperty("packets").EnumerateArray().Select(Read)];

        Packet Read(JsonElement packet)
        {
            var stream = packet.GetProperty("stream_index").GetInt32();
            return new Packet(
                stream,
                Scale("pts"),
                Scale("dts"),
                packet.TryGetProperty("duration", out _) ? Scale("duration") : 0,
                packet.GetProperty("flags").GetString()![0] == 'K',
                packet.GetProperty("data_hash").GetString()!);

            long Scale(string name) => packet.GetProperty(name).GetInt64() * timescale / timeBase[stream];
        }
    }

    /// <summary>Fields of the streams of a file, as ffprobe prints them.</summary>
    public static string Streams(string file, string fields)
    {
        var (code, output, error) = Start("ffprobe", $"-v error -show_entries stream={fields} -of csv=p=0 {file}");
        Assert.True(code == 0 && error.Length == 0, $"ffprobe {file}: {error}");
        return output.Trim();
    }

    static bool Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name)));

    static (int Code, string Output, string Error) Start(string name, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}

/// <summary>A packet as ffprobe shows it.</summary>
sealed record Packet(int Stream, long Pts, long Dts, long Duration, bool Key, string Hash);
