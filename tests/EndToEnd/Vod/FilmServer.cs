using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Vod;

/// <summary>A server with one film below its default locations, and below one of fragmented MP4 for HLS; for all tests of a class.</summary>
public sealed class FilmServer : IAsyncLifetime
{
    public const int Seconds = 12, FramesPerSecond = 25;

    readonly string _data = Repository.Folder($"film-{Guid.NewGuid():N}");
    ServerProcess? _server;

    internal ServerProcess Server => _server!;

    /// <summary>The film's file.</summary>
    internal string Film => Path.Combine(_data, "media/film.mp4");

    public async Task InitializeAsync()
    {
        if (!Tools.Has("ffmpeg"))
        {
            return;   // each test says so
        }

        var media = Directory.CreateDirectory(Path.Combine(_data, "media")).FullName;
        File.Copy(await SourceMedia.Film, Film);
        _server = await ServerProcess.Start(
            new()
            {
                ["Vod__Locations__0__prefix"] = "/hls-fmp4",
                ["Vod__Locations__0__packager"] = "hls",
                ["Vod__Locations__0__mode"] = "local",
                ["Vod__Locations__0__root"] = media,
                ["Vod__Locations__0__options__hls_container_format"] = "fmp4",
                ["Vod__Locations__0__options__segment_duration"] = "4s",
            },
            _data);
    }

    public async Task DisposeAsync() => await (_server?.DisposeAsync() ?? default);
}
