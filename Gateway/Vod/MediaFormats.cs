using Tributary.Media.Captions;
using Tributary.Media.Containers.Matroska;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>Reads what a source is, by its first bytes and not by its name.</summary>
static class MediaFormats
{
    const int Beginning = 256;
    const int MostCaptions = 8 << 20;

    /// <summary>What of a location's options the result depends on: part of its name in the cache.</summary>
    public static string KeyOf(ReadingOptions options) => $"{options.MaxMetadataSize}{(options.IgnoreEditList ? 'e' : '-')}";

    /// <summary>Reads tracks or captions.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public static async Task<MediaReadResult> ReadAsync(IByteSource source, ReadingOptions options, CancellationToken cancellation)
    {
        var beginning = new byte[Beginning];
        var count = await source.ReadAsync(0, beginning, cancellation);
        if (CaptionsReader.IsCaptions(beginning.AsSpan(0, count)))
        {
            return await CaptionsAsync(source, cancellation);
        }

        var read = MatroskaFile.IsMatroska(beginning.AsSpan(0, count))
            ? await MatroskaFile.OpenAsync(source, new MatroskaReadOptions { MaxHeaderBytes = Math.Min(options.MaxMetadataSize, 32 << 20) }, cancellation)
            : await Mp4File.OpenAsync(source, new Mp4ReadOptions { MaxMovieBytes = options.MaxMetadataSize, IgnoreEditLists = options.IgnoreEditList }, cancellation);
        return new(read.Failure, read.Reason, read.File, null);
    }

    static async Task<MediaReadResult> CaptionsAsync(IByteSource source, CancellationToken cancellation)
    {
        if (source.Length > MostCaptions)
        {
            return new(MediaFailure.BadData, $"captions of more than {MostCaptions} bytes", null, null);
        }

        var bytes = new byte[source.Length];
        var count = await source.ReadAsync(0, bytes, cancellation);
        return CaptionsReader.TryRead(bytes.AsSpan(0, count), out var captions, out var reason)
            ? new(MediaFailure.None, "", null, captions)
            : new(MediaFailure.BadData, reason, null, null);
    }
}
