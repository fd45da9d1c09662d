using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Tributary.Grains.VodEntries;
using Tributary.Media.Frames;
using Tributary.Media.Journal;

namespace Tributary.Grains.Recordings;

/// <summary>What a repair found.</summary>
/// <param name="Volume">The volume as it is now; null where nothing of it could be kept.</param>
/// <param name="Stream">The live stream; empty where that is not known.</param>
/// <param name="CutBytes">Bytes that were cut off: of parts that were not whole, and of the index.</param>
/// <param name="CutParts">Parts that the index had and the media file had not, or not whole.</param>
readonly record struct RepairedVolume(RecordedVolume? Volume, string Stream, long CutBytes, int CutParts);

/// <summary>
/// Repairs volumes that nobody ended: 1. the index is read up to its first torn record; 2. from its end backwards each part's bytes are compared with their
/// checksum, until one of every rendition is right; 3. index and media files are cut behind what is right, and the volume is ended.
/// </summary>
static class JournalRecovery
{
    // Larger files are no index that this server wrote: a million segments take less.
    const long MaxIndex = 1L << 30;

    /// <summary>Whether a volume was ended in order: its last record says so.</summary>
    public static bool IsEnded(JournalFolder folder, string name, string volume)
    {
        using var index = File.OpenHandle(folder.IndexPath(name, volume), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(index);
        var last = new byte[JournalRecord.Head];
        return length >= last.Length && RandomAccess.Read(index, last, length - last.Length) == last.Length
            && JournalRecord.TryRead(last, out var type, out _) && type == JournalRecordType.End;
    }

    public static RepairedVolume Repair(JournalFolder folder, string name, string volume, string node)
    {
        // 1. What the index says.
        var path = folder.IndexPath(name, volume);
        var length = new FileInfo(path).Length;
        var bytes = length <= MaxIndex ? File.ReadAllBytes(path) : [];
        var index = new JournalIndex();
        index.Read(bytes);
        if (index.Head is not { } head)
        {
            folder.Delete(name, volume);
            return new RepairedVolume(null, "", length, 0);
        }

        // 2. What the media files have of it.
        var (kept, lost) = FindIntact(folder, name, volume, bytes.AsSpan(0, (int)index.Length), index);
        var whole = new JournalIndex();
        whole.Read(bytes.AsSpan(0, kept));

        // 3. The cut.
        var cut = length - kept + CutMedia(folder, name, volume, whole);
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
        {
            var end = new JournalEncoder();
            end.AddEnd();
            RandomAccess.SetLength(file, kept);
            RandomAccess.Write(file, end.Written, kept);
            RandomAccess.FlushToDisk(file);
        }

        return new RepairedVolume(Describe(whole, node, volume), head.Stream, cut, lost);
    }

    /// <summary>What a volume holds, as its index says.</summary>
    public static RecordedVolume? Describe(JournalIndex index, string node, string volume)
    {
        if (index.Segments.FirstOrDefault(static segment => segment.Mark is not null)?.Mark is not { } first)
        {
            return null;
        }

        var (end90k, bytes) = (first.Start90k, 0L);
        for (var slot = 0; slot < index.Tracks.Count; slot++)
        {
            bytes += index.MediaLength(slot);
            foreach (var share in index.Segments.Select(segment => segment.Share(slot)).Where(static share => share is { IsGap: false }))
            {
                end90k = Math.Max(end90k, MediaTime.RescaleNearest(share!.Dts + share.Duration, share.Timescale, MediaTime.Hz90k));
            }
        }

        return new RecordedVolume
        {
            File = volume, Node = node, Start90k = first.Start90k, End90k = end90k, Bytes = bytes, Ended = true, Started = first.ProgramDateTime,
            Entry = index.Head?.Entry ?? "",
        };
    }

    // The bytes of the index up to which everything it says is there. Parts are written one after another, so what is behind a right one is right.
    static (int Kept, int Lost) FindIntact(JournalFolder folder, string name, string volume, ReadOnlySpan<byte> records, JournalIndex index)
    {
        var (at, end, lost) = (0, records.Length, 0);
        var parts = new List<(int Start, JournalPart Part)>();
        while (JournalRecord.TryRead(records[at..], out var type, out var payload))
        {
            if (type == JournalRecordType.Part && JournalDecoder.TryRead(payload, out JournalPart part))
            {
                parts.Add((at, part));
            }

            at += JournalRecord.Head + payload.Length;
        }

        var proven = new HashSet<int>();
        for (var i = parts.Count - 1; i >= 0 && proven.Count < index.Tracks.Count; i--)
        {
            var (start, part) = parts[i];
            if (proven.Contains(part.Slot))
            {
                continue;
            }

            if (IsIntact(folder.MediaPath(name, volume, index.Tracks[part.Slot]!.Name), part))
            {
                proven.Add(part.Slot);
                continue;
            }

            (end, lost) = (start, parts.Count - i);
            proven.Clear();
        }

        return (end, lost);
    }

    static bool IsIntact(string path, in JournalPart part)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var media = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (RandomAccess.GetLength(media) < part.Offset + part.Length)
        {
            return false;
        }

        var bytes = ArrayPool<byte>.Shared.Rent(part.Length);
        try
        {
            return ReadWhole(media, bytes.AsSpan(0, part.Length), part.Offset) && JournalRecord.Crc32C(bytes.AsSpan(0, part.Length)) == part.Checksum;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    internal static bool ReadWhole(SafeFileHandle file, Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            var read = RandomAccess.Read(file, bytes, offset);
            if (read <= 0)
            {
                return false;
            }

            bytes = bytes[read..];
            offset += read;
        }

        return true;
    }

    static long CutMedia(JournalFolder folder, string name, string volume, JournalIndex index)
    {
        var cut = 0L;
        foreach (var track in index.Tracks.OfType<JournalTrack>())
        {
            using var media = File.OpenHandle(folder.MediaPath(name, volume, track.Name), FileMode.OpenOrCreate, FileAccess.ReadWrite);
            var known = index.MediaLength(track.Slot);
            cut += Math.Max(0, RandomAccess.GetLength(media) - known);
            RandomAccess.SetLength(media, Math.Min(known, RandomAccess.GetLength(media)));
            RandomAccess.FlushToDisk(media);
        }

        // A file whose track the index does not know has nothing but a beginning.
        var listed = index.Tracks.OfType<JournalTrack>().Select(track => folder.MediaPath(name, volume, track.Name)).ToHashSet();
        foreach (var orphan in Directory.EnumerateFiles(folder.FolderOf(name), volume + "-*.mp4").Where(path => !listed.Contains(path)).ToArray())
        {
            cut += new FileInfo(orphan).Length;
            File.Delete(orphan);
        }

        return cut;
    }
}
