using System.Diagnostics;

namespace Tributary.Bench;

/// <summary>
/// Files that the packager is measured with, made once and kept below <c>artifacts/vod-bench</c>: three renditions of a minute (H.264 high at 25 frames per
/// second, a key frame every 2 s, two B-frames; 720p of 1.8 Mb/s, 480p of 0.8, 360p of 0.4) with AAC, and one hour of the second.
/// </summary>
static class VodMedia
{
    static string Folder { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../../../artifacts/vod-bench"));

    public static string Make()
    {
        Directory.CreateDirectory(Folder);
        Encode("hi.mp4", "1280x720", 1_800, 128);
        Encode("mid.mp4", "854x480", 800, 96);
        Encode("lo.mp4", "640x360", 400, 64);
        Run("hour.mp4", $"-stream_loop 59 -i {Folder}/mid.mp4 -f lavfi -i sine=frequency=440:sample_rate=48000 -map 0:v -map 1:a -c:v copy -c:a aac -b:a 96k -ac 2 -t 3600");
        return Folder;
    }

    static void Encode(string name, string size, int video, int audio) => Run(name,
        $"-f lavfi -i testsrc2=size={size}:rate=25 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 60 -pix_fmt yuv420p -c:v libx264 -preset veryfast -profile:v high "
        + $"-b:v {video}k -maxrate {video}k -bufsize {video}k -g 50 -keyint_min 50 -sc_threshold 0 -bf 2 -c:a aac -b:a {audio}k -ac 2");

    static void Run(string name, string arguments)
    {
        var path = Path.Combine(Folder, name);
        if (File.Exists(path))
        {
            return;
        }

        Console.WriteLine($"making {path}");
        using var ffmpeg = Process.Start("ffmpeg", $"-nostdin -v error -y {arguments} -movflags +faststart -f mp4 {path}.part");
        ffmpeg.WaitForExit();
        if (ffmpeg.ExitCode != 0)
        {
            throw new InvalidOperationException($"{path} could not be made");
        }

        File.Move(path + ".part", path);
    }
}
