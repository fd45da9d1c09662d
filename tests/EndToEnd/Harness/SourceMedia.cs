namespace Tributary.EndToEnd.Harness;

/// <summary>Test pictures and tones as FLV and MP4 files, encoded once per run when first asked for.</summary>
static class SourceMedia
{
    const string Picture = "testsrc2=size=640x360:rate=30", Tone = "sine=frequency=440:beep_factor=2:sample_rate=48000";
    static readonly Dictionary<string, Task<string>> Files = [];

    /// <summary>75 s, a key frame each second, no B-frames.</summary>
    public static Task<string> Plain => Make("plain.flv", 75, ["-bf", "0", .. H264, .. Aac]);

    /// <summary>The same with fewer and fewer points, and the same key frames.</summary>
    public static Task<string> Smaller => Make("smaller.flv", 75, ["-vf", "scale=426:240", "-bf", "0", .. Small("250k"), .. Aac]);

    public static Task<string> Smallest => Make("smallest.flv", 75, ["-vf", "scale=256:144", "-bf", "0", .. Small("100k"), .. Aac]);

    /// <summary>4 minutes of a small picture: what tests of faults play without a loop.</summary>
    public static Task<string> Long => Make("long.flv", 240, ["-vf", "scale=192:108,fps=15", "-bf", "0", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "100k",
        "-g", "15", "-keyint_min", "15", "-sc_threshold", "0", .. Aac]);

    /// <summary>20 s of the same.</summary>
    public static Task<string> Medium => Make("medium.flv", 20, ["-bf", "0", .. H264, .. Aac]);

    /// <summary>20 s with three B-frames in a row.</summary>
    public static Task<string> BFrames => Make("bframes.flv", 20, ["-bf", "3", "-b_strategy", "0", .. H264, .. Aac]);

    public static Task<string> AudioOnly => Make("audio.flv", 20, [.. Aac], video: false);

    public static Task<string> VideoOnly => Make("video.flv", 20, ["-bf", "0", .. H264], audio: false);

    /// <summary>6 s, for what is replayed with other timestamps.</summary>
    public static Task<string> Short => Make("short.flv", 6, ["-bf", "0", .. H264, .. Aac]);

    /// <summary>12 s of HEVC in MP4: FLV of this age cannot hold it.</summary>
    public static Task<string> Hevc =>
        Make("hevc.mp4", 12, ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:keyint=30:min-keyint=30:scenecut=0", "-tag:v", "hvc1", .. Aac]);

    /// <summary>12 s of 25 frames as an MP4 file, a key frame every two seconds, two B-frames in a row.</summary>
    public static Task<string> Film => Make("film.mp4", 12, ["-vf", "scale=320:180,fps=25", "-c:v", "libx264", "-preset", "superfast", "-profile:v", "high", "-b:v", "300k",
        "-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-bf", "2", "-b_strategy", "0", .. Aac, "-movflags", "+faststart"]);

    static string[] H264 => ["-c:v", "libx264", "-preset", "superfast", "-profile:v", "high", "-b:v", "600k", "-g", "30", "-keyint_min", "30", "-sc_threshold", "0"];

    static string[] Small(string rate) =>
        ["-c:v", "libx264", "-preset", "superfast", "-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-g", "30", "-keyint_min", "30", "-sc_threshold", "0"];

    static string[] Aac => ["-c:a", "aac", "-b:a", "96k", "-ac", "2"];

    static Task<string> Make(string name, int seconds, string[] encoding, bool video = true, bool audio = true)
    {
        lock (Files)
        {
            return Files.TryGetValue(name, out var file) ? file : Files[name] = Encode(name, seconds, encoding, video, audio);
        }
    }

    static async Task<string> Encode(string name, int seconds, string[] encoding, bool video, bool audio)
    {
        Tools.Require("ffmpeg", "ffprobe");
        var path = Path.Combine(Repository.Folder("media"), name);
        string[] pictures = video ? ["-f", "lavfi", "-i", Picture] : [], tones = audio ? ["-f", "lavfi", "-i", Tone] : [];
        await ChildProcess.Run(
            "ffmpeg",
            ["-nostdin", "-v", "error", "-y", .. pictures, .. tones, "-t", $"{seconds}", "-pix_fmt", "yuv420p", .. encoding, path],
            TimeSpan.FromMinutes(2));
        return path;
    }
}
