using Tributary.Media.Containers.Matroska;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Sources;

namespace Tributary.Media.Containers;

/// <summary>Reads media files of every container that there is a reader for; what a file is, its first bytes say, not its name.</summary>
public static class MediaFileReader
{
    const int Beginning = 4;

    /// <summary>Opens a file. What its bytes say cannot make this throw.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public static async ValueTask<MediaReading> OpenAsync(
        IByteSource source, Mp4ReadOptions mp4, MatroskaReadOptions matroska, CancellationToken cancellation)
    {
        var beginning = new byte[Beginning];
        await source.ReadAsync(0, beginning, cancellation);
        return MatroskaFile.IsMatroska(beginning)
            ? await MatroskaFile.OpenAsync(source, matroska, cancellation)
            : await Mp4File.OpenAsync(source, mp4, cancellation);
    }
}
