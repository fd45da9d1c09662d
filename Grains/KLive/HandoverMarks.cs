using Tributary.Grains.Recordings;
using Tributary.Media.Journal;

namespace Tributary.Grains.KLive;

/// <summary>
/// What became of each volume of an entry's recording, as an empty file beside it: the platform has it (<c>.appended</c>), or does not want it
/// (<c>.kept</c>). What has no mark is still to be handed over.
/// </summary>
public sealed class HandoverMarks(JournalFolders folders)
{
    public const string Appended = ".appended", Kept = ".kept";

    public bool Has(string journal, string volume) => Has(journal, volume, Appended) || Has(journal, volume, Kept);

    public bool Has(string journal, string volume, string mark) => File.Exists(Path.Combine(folders.Recordings.FolderOf(journal), volume + mark));

    public void Put(string journal, string volume, string mark)
    {
        var folder = folders.Recordings.FolderOf(journal);
        if (Directory.Exists(folder))
        {
            File.WriteAllBytes(Path.Combine(folder, volume + mark), []);
        }
    }

    /// <summary>The entry that a complete volume belongs to, where the platform has still to be given it; else null.</summary>
    /// <exception cref="IOException">Its index cannot be read.</exception>
    public string? EntryOf(string journal, string volume)
    {
        if (Has(journal, volume))
        {
            return null;
        }

        var index = new JournalIndex();
        index.Read(File.ReadAllBytes(folders.Recordings.IndexPath(journal, volume)));
        return index is { IsEnded: true, Head: { } head } && EntryClaim.IsEntryId(head.Stream) ? head.Stream : null;
    }

    /// <summary>Whether the platform has still to be given something of a journal.</summary>
    /// <exception cref="IOException">An index cannot be read.</exception>
    public bool Awaits(string journal) => folders.Recordings.Volumes(journal).Any(volume => EntryOf(journal, volume.Volume) is not null);
}
