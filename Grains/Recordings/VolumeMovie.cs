using Tributary.Media.Journal;

namespace Tributary.Grains.Recordings;

/// <summary>One volume of this node as a file of its own: an MP4 with its index first.</summary>
public static class VolumeMovie
{
    const int Piece = 1 << 20;

    /// <summary>False where the volume has nothing to play.</summary>
    public static async Task<bool> Write(JournalFolders folders, string name, string volume, string path, CancellationToken cancellation)
    {
        // 1. What it holds.
        var index = new JournalIndex();
        index.Read(await File.ReadAllBytesAsync(folders.Recordings.IndexPath(name, volume), cancellation));
        var source = new LocalJournals(folders);
        var timeline = RecordedTimeline.Of([new TimelineVolume(volume, "", index)]);
        if (await MovieDownload.Build(timeline, name, _ => source, cancellation) is not { } movie)
        {
            return false;
        }

        // 2. Its bytes. A file that is there under its name is whole.
        var growing = path + ".part";
        await using (var file = File.Create(growing))
        {
            var buffer = new byte[Piece];
            for (var at = 0L; at < movie.Length;)
            {
                var read = await movie.Read(at, buffer, cancellation);
                at += read > 0 ? read : throw new IOException($"The media of volume {volume} cannot be read.");
                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(growing, path, overwrite: true);
        return true;
    }
}
