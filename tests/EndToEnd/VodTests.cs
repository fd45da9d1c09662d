using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Tributary.EndToEnd.Harness;
using Tributary.EndToEnd.Vod;

namespace Tributary.EndToEnd;

/// <summary>Files on demand, by the default locations: what a player gets is what the file holds.</summary>
public sealed class VodTests(FilmServer films) : IClassFixture<FilmServer>
{
    static readonly TimeSpan Enough = TimeSpan.FromSeconds(60);

    // Every frame's decoded content by ffmpeg, without times.
    static async Task<string[]> Frames(string input, char kind) =>
        [.. (await ChildProcess.Run("ffmpeg", ["-v", "error", "-i", input, "-map", $"0:{kind}", "-f", "framemd5", "-"], Enough))
            .Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(',')[^1].Trim())];

    [SkippableTheory]
    [InlineData("/hls/film.mp4/master.m3u8")]
    [InlineData("/hls-fmp4/film.mp4/master.m3u8")]
    [InlineData("/dash/film.mp4/manifest.mpd")]
    public async Task Pictures_of_a_whole_stream_are_those_of_the_file(string path)
    {
        Tools.Require("ffmpeg");
        var source = await Frames(films.Film, 'v');
        Assert.Equal(FilmServer.Seconds * FilmServer.FramesPerSecond, source.Length);

        Assert.Equal(source, await Frames(films.Server.Url(path).AbsoluteUri, 'v'));
    }

    [SkippableTheory]
    [InlineData("/hls/film.mp4/master.m3u8", true)]
    [InlineData("/hls-fmp4/film.mp4/master.m3u8", false)]
    [InlineData("/dash/film.mp4/manifest.mpd", false)]
    [InlineData("/mapped/encrypted.json/master.m3u8", true)]
    public async Task Coded_frames_of_a_whole_stream_are_those_of_the_file(string path, bool annexB)
    {
        Tools.Require("ffmpeg");
        foreach (var track in "va")
        {
            var source = await Ffmpeg.Packets(films.Film, track);
            var served = await Ffmpeg.Packets(films.Server.Url(path).AbsoluteUri, track, annexB);

            Assert.Equal(source.Select(packet => packet.Hash), served.Select(packet => packet.Hash));
            // One distance for all: the transport stream begins some ticks after zero.
            var distance = served[0].PtsMilliseconds - source[0].PtsMilliseconds;
            Assert.All(source.Zip(served), pair => Assert.Equal(distance, pair.Second.PtsMilliseconds - pair.First.PtsMilliseconds, 1.0));
        }
    }

    [SkippableFact]
    public async Task What_is_kept_is_counted_as_what_it_is()
    {
        Tools.Require("ffmpeg");
        string[] series = ["requests_total{kind=\"hlsindex\",status=\"200\"}", "cache_hits_total{cache=\"response/default\"}", "cache_misses_total{cache=\"response/default\"}"];
        var before = await Counted(series);
        var answers = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            using var answer = await films.Server.Http.GetAsync("/hls/clipTo/7000/film.mp4/index.m3u8");
            answers.Add($"{answer.Headers.ETag} {await answer.Content.ReadAsStringAsync()}");
        }

        Assert.Single(answers.Distinct());
        Assert.Equal([3, 2, 1], (await Counted(series)).Zip(before, (now, then) => now - then));
    }

    async Task<long[]> Counted(string[] series)
    {
        var lines = (await films.Server.Http.GetStringAsync("/metrics")).Split('\n');
        return [.. series.Select(name => lines.FirstOrDefault(line => line.StartsWith($"tributary_vod_{name} ", StringComparison.Ordinal)))
            .Select(line => line is null ? 0 : long.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture))];
    }

    [SkippableFact]
    public async Task A_file_is_served_as_it_is_in_parts_and_clipped()
    {
        Tools.Require("ffmpeg", "ffprobe");
        var http = films.Server.Http;
        var whole = await File.ReadAllBytesAsync(films.Film);
        Assert.Equal(whole, await http.GetByteArrayAsync("/media/film.mp4"));

        using var request = new HttpRequestMessage(HttpMethod.Get, "/media/film.mp4") { Headers = { Range = new RangeHeaderValue(100, 199) } };
        using var response = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(whole[100..200], await response.Content.ReadAsByteArrayAsync());

        var clipped = Path.Combine(Path.GetDirectoryName(films.Film)!, "clipped.mp4");
        await File.WriteAllBytesAsync(clipped, await http.GetByteArrayAsync("/media/clipFrom/4000/clipTo/10000/film.mp4"));
        var frames = await Frames(films.Film, 'v');
        Assert.Equal(frames[100..250], await Frames(clipped, 'v'));
        var seconds = await ChildProcess.Run("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", clipped], Enough);
        Assert.Equal(6, double.Parse(seconds, CultureInfo.InvariantCulture), 0.1);
    }

    [SkippableTheory]
    [InlineData("/hls/nope.mp4/master.m3u8", 404)]
    [InlineData("/hls/film.mp4/seg-0-v1-a1.ts", 400)]
    [InlineData("/hls/film.mp4/seg-99-v1-a1.ts", 404)]
    [InlineData("/hls/film.mp4/foo.bar", 400)]
    [InlineData("/hls/%2e%2e/%2e%2e/etc/passwd/master.m3u8", 404)]
    [InlineData("/media/..%2F..%2Fserver.log", 400)]
    [InlineData("/thumb/film.mp4/thumb-1000.jpg", 501)]
    public async Task What_cannot_be_answered_has_its_status(string path, int status)
    {
        Tools.Require("ffmpeg");
        using var response = await films.Server.Http.GetAsync(new Uri(films.Server.Url("/"), path));

        Assert.Equal(status, (int)response.StatusCode);
    }
}
