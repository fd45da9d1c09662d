using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>Files on demand, by the default locations: what a player gets is what the file holds.</summary>
public sealed class VodTests : IAsyncLifetime
{
    readonly string _data = $"{Repository.Folder("vod")}-{Guid.NewGuid():N}";
    ServerProcess? _server;

    static readonly TimeSpan Enough = TimeSpan.FromSeconds(60);

    ServerProcess Server => _server!;

    public async Task InitializeAsync()
    {
        var media = Directory.CreateDirectory(Path.Combine(_data, "media")).FullName;
        await ChildProcess.Run("ffmpeg",
        [
            "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=25", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=25",
            "-c:v", "libx264", "-g", "50", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart", Path.Combine(media, "clip.mp4"),
        ], Enough);
        _server = await ServerProcess.Start(data: _data);
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    // Every frame's content by ffmpeg, without times.
    static async Task<string[]> Frames(string input, char kind) =>
        [.. (await ChildProcess.Run("ffmpeg", ["-v", "error", "-i", input, "-map", $"0:{kind}", "-f", "framemd5", "-"], Enough))
            .Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(',')[^1].Trim())];

    [Theory]
    [InlineData("/hls/clip.mp4/master.m3u8")]
    [InlineData("/dash/clip.mp4/manifest.mpd")]
    public async Task Pictures_of_a_whole_stream_are_those_of_the_file(string path)
    {
        var source = await Frames(Path.Combine(_data, "media/clip.mp4"), 'v');

        Assert.Equal(source, await Frames(Server.Url(path).AbsoluteUri, 'v'));
    }

    [Fact]
    public async Task A_file_is_served_as_it_is_in_parts_and_clipped()
    {
        var whole = await File.ReadAllBytesAsync(Path.Combine(_data, "media/clip.mp4"));
        Assert.Equal(whole, await Server.Http.GetByteArrayAsync("/media/clip.mp4"));

        using var request = new HttpRequestMessage(HttpMethod.Get, "/media/clip.mp4") { Headers = { Range = new RangeHeaderValue(100, 199) } };
        using var response = await Server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(whole[100..200], await response.Content.ReadAsByteArrayAsync());

        var clipped = Path.Combine(_data, "clipped.mp4");
        await File.WriteAllBytesAsync(clipped, await Server.Http.GetByteArrayAsync("/media/clipFrom/4000/clipTo/10000/clip.mp4"));
        var frames = await Frames(Path.Combine(_data, "media/clip.mp4"), 'v');
        Assert.Equal(frames[100..250], await Frames(clipped, 'v'));
        var seconds = await ChildProcess.Run("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", clipped], Enough);
        Assert.Equal(6, double.Parse(seconds, CultureInfo.InvariantCulture), 0.1);
    }

    [Theory]
    [InlineData("/hls/nope.mp4/master.m3u8", 404)]
    [InlineData("/hls/clip.mp4/seg-0-v1-a1.ts", 400)]
    [InlineData("/hls/clip.mp4/seg-99-v1-a1.ts", 404)]
    [InlineData("/hls/clip.mp4/foo.bar", 400)]
    [InlineData("/hls/%2e%2e/%2e%2e/etc/passwd/master.m3u8", 404)]
    [InlineData("/media/..%2F..%2Fserver.log", 400)]
    [InlineData("/thumb/clip.mp4/thumb-1000.jpg", 501)]
    public async Task What_cannot_be_answered_has_its_status(string path, int status)
    {
        using var response = await Server.Http.GetAsync(new Uri(Server.Url("/"), path));

        Assert.Equal(status, (int)response.StatusCode);
    }
}
