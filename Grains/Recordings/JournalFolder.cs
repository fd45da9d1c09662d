using System.Globalization;

namespace Tributary.Grains.Recordings;

/// <summary>
/// The journals below one folder: a folder per entry or stream, and in it volumes, each an index and a media file per rendition:
/// <code>
/// ENTRY/ENTRY-EPOCH-SEQUENCE.journal   ENTRY/ENTRY-EPOCH-SEQUENCE-v1.mp4   ENTRY/ENTRY-EPOCH-SEQUENCE-a1.mp4
/// </code>
/// A media file is fragmented MP4 that any player opens as it is.
/// </summary>
public sealed class JournalFolder(string root)
{
    public const string IndexEnding = ".journal";

    public string Root => root;

    public static string VolumeName(string name, long epoch, int sequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}-{epoch:D6}-{sequence:D6}");

    public string FolderOf(string name) => Path.Combine(root, name);

    public string IndexPath(string name, string volume) => Path.Combine(root, name, volume + IndexEnding);

    public string MediaPath(string name, string volume, string rendition) => Path.Combine(root, name, $"{volume}-{rendition}.mp4");

    /// <summary>The media files of a volume, by the path of its index; pictures first.</summary>
    public static string[] MediaOf(string index) =>
        Path.GetDirectoryName(index) is { } folder && Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, Path.GetFileName(index)[..^IndexEnding.Length] + "-*.mp4")
                .OrderBy(static path => path[path.LastIndexOf('-') + 1] != 'v').ThenBy(static path => path.Length).ThenBy(static path => path, StringComparer.Ordinal)]
            : [];

    /// <summary>Names of what there are journals of.</summary>
    public string[] Names() =>
        Directory.Exists(root) ? [.. Directory.EnumerateDirectories(root).Select(path => Path.GetFileName(path)).Where(IsName).Order(StringComparer.Ordinal)] : [];

    /// <summary>Volumes of one name with the bytes of their index, in the order in which they were begun.</summary>
    public (string Volume, long IndexBytes)[] Volumes(string name)
    {
        var folder = new DirectoryInfo(FolderOf(name));
        return !IsName(name) || !folder.Exists ? [] : [.. folder.EnumerateFiles("*" + IndexEnding)
            .Select(file => (Volume: file.Name[..^IndexEnding.Length], file.Length)).OrderBy(file => file.Volume, StringComparer.Ordinal)];
    }

    /// <summary>Bytes of everything below one name; 0 where there is nothing.</summary>
    public long Bytes(string name)
    {
        var folder = new DirectoryInfo(FolderOf(name));
        return folder.Exists ? folder.EnumerateFiles().Sum(static file => file.Length) : 0;
    }

    public long Bytes() => Names().Sum(Bytes);

    /// <summary>Deletes a volume: its index first, so that nobody looks for media that is gone.</summary>
    public void Delete(string name, string volume)
    {
        var media = MediaOf(IndexPath(name, volume));
        File.Delete(IndexPath(name, volume));
        Array.ForEach(media, File.Delete);
    }

    public void Delete(string name)
    {
        if (IsName(name) && Directory.Exists(FolderOf(name)))
        {
            Directory.Delete(FolderOf(name), recursive: true);
        }
    }

    /// <summary>Whether a name can be one of an entry, a stream or a file here, by allow-list: it is never a way out of the folder.</summary>
    public static bool IsName(string? name) =>
        name is { Length: > 0 and <= 160 } && char.IsAsciiLetterOrDigit(name[0]) && name.AsSpan().IndexOfAnyExcept(Letters) < 0;

    static readonly System.Buffers.SearchValues<char> Letters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");
}
