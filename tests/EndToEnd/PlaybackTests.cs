using System.Globalization;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>Players that are no browsers.</summary>
public sealed class PlaybackTests
{
    [SkippableFact]
    public async Task Ffmpeg_plays_sixty_seconds_without_a_decode_error_or_a_gap()
    {
        Tools.Require("ffmpeg", "ffprobe");
        var server = await SharedServer.Get();
        await using var publisher = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("minute"));
        await server.IsPlayable("minute");
        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(server.Master("minute").ToString()));

        var frames = Path.Combine(Repository.Folder("saved"), "minute.framehash");
        await using var player = ChildProcess.Start(
            "ffmpeg",
            ["-nostdin", "-v", "error", "-i", server.Master("minute").ToString(), "-map", "0:v", "-map", "0:a", "-fps_mode", "passthrough", "-t", "60",
                "-f", "framehash", "-hash", "crc32", "-y", frames]);
        await player.Exits(TimeSpan.FromSeconds(100));
        Assert.Equal("", player.Errors);

        var times = ReadTimes(frames);
        AssertNoGap(times[0], "video", seconds: 59, longest: 0.035);
        AssertNoGap(times[1], "audio", seconds: 59, longest: 0.022);
    }

    [SkippableFact]
    public async Task GStreamer_plays_picture_and_sound()
    {
        Tools.RequireGStreamer("souphttpsrc", "hlsdemux", "decodebin", "avdec_h264", "avdec_aac");
        var server = await SharedServer.Get();
        await using var publisher = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("gstreamer"));
        await server.IsPlayable("gstreamer");
        // The transport stream has both tracks in one playlist, as this demuxer of 2013 likes it best; fMP4 it takes as well.
        foreach (var (address, tracks) in new[] { (server.TsMaster("gstreamer"), 2), (server.Url("/live/gstreamer/index-v1.m3u8"), 1) })
        {
            var buffers = await PlayWithGStreamer(address, tracks);
            Assert.True(buffers.Count == tracks && buffers.Values.All(count => count >= 90), $"{address}: {string.Join(", ", buffers)}");
        }
    }

    [SkippableFact]
    public async Task Hevc_by_enhanced_rtmp_is_read_as_hevc()
    {
        Tools.Require("ffmpeg", "ffprobe");
        var server = await SharedServer.Get();
        var tags = await HevcTags.Read(await SourceMedia.Hevc);
        await using var publisher = await RtmpPublisher.Connect(server.RtmpPort, "hevc");
        Assert.True(publisher.IsOnAir, publisher.Refusal);
        var playing = publisher.Play(tags);
        await using var client = await StrictHlsClient.Open(server.Http, server.Master("hevc"));
        await client.UntilSegments(4, TimeSpan.FromSeconds(20));
        Assert.Contains("video/hevc", await Ffmpeg.Streams(server.Master("hevc").ToString()));
        Assert.Contains("hvc1.", await server.Http.GetStringAsync(server.Master("hevc")), StringComparison.Ordinal);
        await playing;
        await publisher.Stop();
        client.AssertNothingWrong();
        var file = Assert.Single(client.Video.Save("hevc"));
        Assert.Equal("", await Ffmpeg.DecodeErrors(file));
    }

    // Decoded buffers per track, as `identity` elements name them while a player that is stopped after a while prints each of its buffers.
    static async Task<Dictionary<string, int>> PlayWithGStreamer(Uri address, int tracks)
    {
        string[] sound = tracks == 2 ? ["d.", "!", "audio/x-raw", "!", "identity", "name=sound", "silent=false", "!", "fakesink", "sync=false"] : [];
        await using var player = ChildProcess.Start(
            "gst-launch-1.0",
            ["-v", "souphttpsrc", $"location={address}", "!", "hlsdemux", "!", "decodebin", "name=d",
                "d.", "!", "video/x-raw", "!", "identity", "name=picture", "silent=false", "!", "fakesink", "sync=false", .. sound],
            new Dictionary<string, string> { ["GST_DEBUG_NO_COLOR"] = "1" });
        Dictionary<string, int> Count() => new[] { "picture", "sound" }.Take(tracks).ToDictionary(
            name => name, name => CountOf(player.Output, $"GstIdentity:{name}: last-message = chain"));
        await Eventually.IsTrue($"GStreamer decodes {address}", TimeSpan.FromSeconds(30), () =>
        {
            Assert.False(player.HasExited, player.Output + player.Errors);
            return Count().Values.All(count => count >= 90);
        });
        return Count();
    }

    static int CountOf(string text, string part)
    {
        var count = 0;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + 1, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }

    // Presentation times in seconds, by stream.
    static Dictionary<int, List<double>> ReadTimes(string framehash)
    {
        var units = new Dictionary<int, double>();
        var times = new Dictionary<int, List<double>> { [0] = [], [1] = [] };
        foreach (var line in File.ReadLines(framehash))
        {
            if (line.StartsWith("#tb ", StringComparison.Ordinal))
            {
                var parts = line[4..].Split([':', '/'], StringSplitOptions.TrimEntries);
                units[int.Parse(parts[0], CultureInfo.InvariantCulture)] =
                    double.Parse(parts[1], CultureInfo.InvariantCulture) / double.Parse(parts[2], CultureInfo.InvariantCulture);
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                var fields = line.Split(',', StringSplitOptions.TrimEntries);
                var stream = int.Parse(fields[0], CultureInfo.InvariantCulture);
                times[stream].Add(long.Parse(fields[2], CultureInfo.InvariantCulture) * units[stream]);
            }
        }

        return times;
    }

    static void AssertNoGap(List<double> times, string track, double seconds, double longest)
    {
        Assert.True(times[^1] - times[0] >= seconds, $"{track} lasted {times[^1] - times[0]:0.00} s");
        var worst = times.Zip(times.Skip(1), (before, after) => (Step: after - before, At: before)).MaxBy(step => step.Step);
        Assert.True(worst.Step <= longest, $"{track} has a gap of {worst.Step:0.000} s at {worst.At:0.000} s");
        Assert.True(times.Zip(times.Skip(1)).All(pair => pair.Second > pair.First), $"{track} goes back");
    }
}
