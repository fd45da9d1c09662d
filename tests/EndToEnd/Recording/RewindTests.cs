using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Recording;

/// <summary>Viewers who go back further than memory reaches.</summary>
public sealed partial class RewindTests
{
    [SkippableFact]
    public async Task What_has_left_memory_is_there_with_the_same_bytes_also_after_a_crash()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var server = await ServerProcess.Start(new()
        {
            ["Dvr__Streams__*"] = "00:10:00", ["Dvr__VolumeDuration"] = "00:00:05", ["Gateway__Hls__Window__Window"] = "00:00:06", ["Frames__Window"] = "00:00:06",
            ["Gateway__Hls__SyncPoints"] = "All",
        });
        var encoder = await PublishWithTexts(server.Rtmp("back"));
        await server.IsPlayable("back");

        // 1. What live gave, of every segment that it listed.
        var live = new Dictionary<string, byte[]>();
        await Eventually.IsTrue("twenty seconds have passed", TimeSpan.FromSeconds(60), async () =>
        {
            foreach (var rendition in (string[])["v1", "a1"])
            {
                foreach (Match name in Segment().Matches(await server.Http.GetStringAsync($"/live/back/index-{rendition}.m3u8")))
                {
                    if (!live.ContainsKey(name.Value))
                    {
                        live.Add(name.Value, await server.Http.GetByteArrayAsync($"/live/back/{name.Value}"));
                    }
                }
            }

            return live.Count >= 24;
        });

        var pictures = live.Where(one => one.Key.EndsWith("-v1.m4s", StringComparison.Ordinal)).Select(one => Encoding.ASCII.GetString(one.Value)).ToArray();
        Assert.All(pictures, segment => Assert.Contains("KalturaSyncPoint", segment, StringComparison.Ordinal));
        Assert.Contains(pictures, segment => segment.Contains("\"onTextData\"", StringComparison.Ordinal));

        // 2. The playlist has all of it, and all of it can be fetched as it was, with its timed metadata.
        await Same(server, live);
        var whole = await server.Http.GetStringAsync("/live/back/dvr/index-v1.m3u8");
        Assert.DoesNotContain("PLAYLIST-TYPE", whole, StringComparison.Ordinal);
        Assert.DoesNotContain("ENDLIST", whole, StringComparison.Ordinal);
        var later = await server.Http.GetStringAsync("/live/back/dvr/index-v1.m3u8?start=-8");
        Assert.Contains("#EXT-X-START:TIME-OFFSET=", later, StringComparison.Ordinal);
        Assert.InRange(Segment().Count(later), 2, 7);
        Assert.Equal(400, (int)(await server.Http.GetAsync("/live/back/dvr/index-v1.m3u8?start=yesterday")).StatusCode);

        // 3. After a crash of everything too; and the next session goes on in the same window.
        await server.Crash();
        await encoder.DisposeAsync();
        await server.StartAgain();
        await Eventually.IsTrue("the window is back", TimeSpan.FromSeconds(30), async () =>
            (await server.Http.GetAsync("/live/back/dvr/index-v1.m3u8")).IsSuccessStatusCode);
        await Same(server, live);
        var last = Segment().Matches(await server.Http.GetStringAsync("/live/back/dvr/index-v1.m3u8")).Last().Value;
        await using var again = await Eventually.Get("the stream is taken again", TimeSpan.FromSeconds(20), async () =>
        {
            var publisher = await RtmpPublisher.Connect(server.RtmpPort, "back");
            if (publisher.IsOnAir)
            {
                return publisher;
            }

            await publisher.DisposeAsync();
            return null;
        });
        var playing = again.Play((await FlvFile.Read(await SourceMedia.Medium)).Where(tag => tag.Timestamp < 12_000));
        await Eventually.IsTrue("the next session is in the window", TimeSpan.FromSeconds(30), async () =>
            (await server.Http.GetStringAsync("/live/back/dvr/index-v1.m3u8")) is var text && text.Contains("#EXT-X-DISCONTINUITY\n", StringComparison.Ordinal)
                && Segment().Matches(text).Last().Value != last && text.Contains(last, StringComparison.Ordinal));
        await playing;
    }

    // A text each second, as data messages.
    static async Task<ChildProcess> PublishWithTexts(string url)
    {
        var texts = Path.Combine(Repository.Folder("media"), "texts.srt");
        await File.WriteAllTextAsync(texts, string.Concat(Enumerable.Range(0, 75).Select(static second =>
            string.Create(CultureInfo.InvariantCulture, $"{second + 1}\n00:{second / 60:00}:{second % 60:00},500 --> 00:{second / 60:00}:{second % 60:00},900\nsecond {second}\n\n"))));
        return ChildProcess.Start("ffmpeg",
            ["-nostdin", "-v", "warning", "-re", "-i", await SourceMedia.Plain, "-i", texts, "-map", "0", "-map", "1", "-c:v", "copy", "-c:a", "copy", "-c:s", "text", "-f", "flv", url]);
    }

    static async Task Same(ServerProcess server, Dictionary<string, byte[]> live)
    {
        var listed = await server.Http.GetStringAsync("/live/back/dvr/index-v1.m3u8") + await server.Http.GetStringAsync("/live/back/dvr/index-a1.m3u8");
        foreach (var (name, bytes) in live)
        {
            Assert.Contains(name, listed, StringComparison.Ordinal);
            Assert.Equal(bytes, await server.Http.GetByteArrayAsync($"/live/back/{name}"));
        }
    }

    [GeneratedRegex(@"seg-\d+-[va]1\.m4s")]
    private static partial Regex Segment();
}
