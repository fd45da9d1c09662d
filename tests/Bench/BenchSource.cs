using System.Diagnostics;

namespace Tributary.Bench;

/// <summary>The picture that everything is measured with: 1280x720 at 30 frames per second, H.264 high at 2.5 Mb/s, AAC at 128 kb/s, as FLV.</summary>
static class BenchSource
{
    public static string Make(int seconds, double keyFrameSeconds)
    {
        var path = Path.Combine(Path.GetTempPath(), $"tributary-bench-{seconds}-{keyFrameSeconds * 1000}.flv");
        if (File.Exists(path))
        {
            return path;
        }

        var gop = (int)(keyFrameSeconds * 30);
        using var ffmpeg = Process.Start("ffmpeg",
            $"-nostdin -v error -y -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 -t {seconds} -pix_fmt yuv420p "
            + $"-c:v libx264 -preset superfast -profile:v high -bf 0 -b:v 2500k -minrate 2500k -maxrate 2500k -bufsize 2500k -nal-hrd cbr -g {gop} -keyint_min {gop} "
            + $"-sc_threshold 0 -c:a aac -b:a 128k -ac 2 -f flv {path}.part");
        ffmpeg.WaitForExit();
        File.Move(path + ".part", path, overwrite: true);
        return path;
    }
}
