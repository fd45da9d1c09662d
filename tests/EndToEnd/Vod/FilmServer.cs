using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Vod;

/// <summary>
/// A server with one film below its default locations, and below one of fragmented MP4 for HLS; and the same film encrypted (cenc), with a mapping that has the
/// key. For all tests of a class.
/// </summary>
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
        await Encrypt(Film, Path.Combine(media, "encrypted.mp4"));
        await File.WriteAllTextAsync(Path.Combine(media, "encrypted.json"), $$"""
            {"sequences":[{"clips":[{"type":"source","path":"encrypted.mp4","encryptionScheme":"cenc","encryptionKey":"{{Convert.ToBase64String(Key)}}"}]}]}
            """);
        _server = await ServerProcess.Start(
            new()
            {
                ["Vod__Locations__0__prefix"] = "/hls-fmp4",
                ["Vod__Locations__0__packager"] = "hls",
                ["Vod__Locations__0__mode"] = "local",
                ["Vod__Locations__0__root"] = media,
                ["Vod__Locations__0__options__hls_container_format"] = "fmp4",
                ["Vod__Locations__0__options__segment_duration"] = "4s",
                ["Vod__Locations__1__prefix"] = "/mapped",
                ["Vod__Locations__1__packager"] = "hls",
                ["Vod__Locations__1__mode"] = "mapped",
                ["Vod__Locations__1__root"] = media,
            },
            _data);
    }

    static readonly byte[] Key = Convert.FromHexString("000102030405060708090a0b0c0d0e0f");

    static Task<string> Encrypt(string film, string encrypted) => ChildProcess.Run("ffmpeg",
        ["-v", "error", "-i", film, "-c", "copy", "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", Convert.ToHexStringLower(Key), "-encryption_kid", new string('1', 32), encrypted],
        TimeSpan.FromSeconds(60));

    public async Task DisposeAsync() => await (_server?.DisposeAsync() ?? default);
}
