using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Live;
using Tributary.Gateway.Vod;
using Tributary.Media.Frames;
using Tributary.Media.Pictures;
using Tributary.Media.Sets;

namespace Tributary.Gateway.ApiV3;

/// <summary>
/// Makes pictures to a size, each once and then from memory: of an uploaded file, of the newest key frame of a live stream, or of key frames of a clip. How many are made at the same
/// time, and how many wait, is bounded.
/// </summary>
sealed partial class PictureMaker : IDisposable
{
    /// <summary>Bytes of an uploaded picture.</summary>
    const int MaxFile = 32 * 1_024 * 1_024;

    readonly LiveWindows _windows;
    readonly EntryKeyFrames _keyFrames;
    readonly VodCache<byte[]> _made, _live;
    readonly SemaphoreSlim _places;
    readonly ThumbnailOptions _options;
    readonly Counter<long> _count;
    readonly ILogger _log;
    int _waiting;

    public PictureMaker(LiveWindows windows, EntryKeyFrames keyFrames, IOptions<ThumbnailOptions> options, IMeterFactory meters, TimeProvider time, ILogger<PictureMaker> log)
    {
        (_windows, _keyFrames, _options, _log) = (windows, keyFrames, options.Value, log);
        _made = new VodCache<byte[]>("thumbnails", _options.CacheBytes, null, time);
        _live = new VodCache<byte[]>("live thumbnails", _options.CacheBytes, _options.LiveAge, time);
        _places = new SemaphoreSlim(_options.MaxAtOnce);
        _count = meters.Create("Tributary.Thumbnails").CreateCounter<long>("tributary.thumbnails", "{picture}", "Pictures that were made, could not be, or were too many, by outcome.");
        if (Thumbnails.Missing.Length > 0)
        {
            LogMissing(Thumbnails.Missing);
        }
    }

    /// <summary>Of an uploaded file, which never changes; empty: it cannot be made of it.</summary>
    /// <exception cref="PicturesBusyException">Too many wait.</exception>
    public ValueTask<byte[]> OfFile(string path, PictureWish wish, CancellationToken cancellation) =>
        _made.GetOrLoad($"{path} {wish}", () => Make(() => new FileInfo(path) is { Exists: true, Length: <= MaxFile } && Thumbnails.TryMake(File.ReadAllBytes(path), wish, out var jpeg, out _) ? jpeg : []), static jpeg => jpeg.Length, cancellation);

    /// <summary>Of the newest key frame of a stream; empty: it is not on air, or it cannot be made of it.</summary>
    /// <exception cref="PicturesBusyException">Too many wait.</exception>
    public async ValueTask<byte[]> OfStream(string stream, PictureWish wish, CancellationToken cancellation)
    {
        if (Thumbnails.Missing.Length > 0 || await _windows.Open(stream) is not { Window: { } window } || window.View.Find(TrackKind.Video, 1) is not { } track)
        {
            return [];
        }

        return await _live.GetOrLoad($"{stream} {wish}", () => Make(() =>
            window.View.TryCopyKeyFrame(track, out var info, out var frame) && Thumbnails.TryMake(info, frame, wish, out var jpeg, out _) ? jpeg : []), static jpeg => jpeg.Length, cancellation);
    }

    /// <summary>Of moments of a clip; empty: it has no picture then, or it cannot be made of it.</summary>
    /// <exception cref="PicturesBusyException">Too many wait.</exception>
    /// <exception cref="IOException">The clip cannot be read.</exception>
    public async ValueTask<byte[]> OfEntry(MediaSetDescription set, PictureMoments moments, PictureWish wish, CancellationToken cancellation)
    {
        if (Thumbnails.Missing.Length > 0 || await _keyFrames.IdentityOf(set, cancellation) is not { Length: > 0 } identity)
        {
            return [];
        }

        return await _made.GetOrLoad($"{identity} {moments} {wish}", () => Make(async () =>
            Thumbnails.TryMake(await _keyFrames.ReadAsync(set, moments, _options.MaxSlices, wish.Width, CancellationToken.None), wish, out var jpeg, out _) ? jpeg : []), static jpeg => jpeg.Length, cancellation);
    }

    Task<byte[]> Make(Func<byte[]> make) => Make(() => Task.FromResult(make()));

    async Task<byte[]> Make(Func<Task<byte[]>> make)
    {
        if (Interlocked.Increment(ref _waiting) > _options.MaxWaiting + _options.MaxAtOnce)
        {
            Interlocked.Decrement(ref _waiting);
            Count("busy");
            throw new PicturesBusyException();
        }

        await _places.WaitAsync();
        try
        {
            var jpeg = await Task.Run(make);
            Count(jpeg.Length > 0 ? "made" : "failed");
            return jpeg;
        }
        finally
        {
            _places.Release();
            Interlocked.Decrement(ref _waiting);
        }
    }

    void Count(string outcome) => _count.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Dispose() => _places.Dispose();

    [LoggerMessage(LogLevel.Warning, "Pictures of entries are served as they were uploaded, and none is taken from a stream: {Why}")]
    partial void LogMissing(string why);
}

/// <summary>More pictures are asked for than can be made.</summary>
sealed class PicturesBusyException() : Exception("Too many pictures wait to be made.");
