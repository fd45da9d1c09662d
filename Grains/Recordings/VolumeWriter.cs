using Microsoft.Win32.SafeHandles;
using Tributary.Grains.VodEntries;
using Tributary.Media.Frames;
using Tributary.Media.Journal;
using Tributary.Media.Packaging.Live;

namespace Tributary.Grains.Recordings;

/// <summary>
/// One volume while it is written. Media goes to its file before the index says so, and is flushed before the index is: what the index has is there,
/// whenever the machine stops. Throws <see cref="IOException"/> where the disk does not take it; then only <see cref="Abandon"/> helps.
/// </summary>
sealed class VolumeWriter
{
    readonly JournalFolder _folder;
    readonly string _name;
    readonly string _entry;
    readonly SafeFileHandle _index;
    readonly JournalEncoder _records = new();
    readonly List<Media> _media = [];
    readonly Dictionary<long, long> _begun = [];   // numbers, with the epoch of their source: renditions come to them one after another
    long _indexLength;
    long _bytes;
    long _start90k = -1;
    long _end90k;
    long _syncedEnd90k;
    long _syncedBytes;
    bool _unsynced;

    public VolumeWriter(JournalFolder folder, string name, JournalVolumeHead head, long firstMsn)
    {
        (_folder, _name, _entry, FirstMsn) = (folder, name, head.Entry, firstMsn);
        File = JournalFolder.VolumeName(name, head.Epoch, head.Sequence);
        Directory.CreateDirectory(folder.FolderOf(name));
        _index = Create(folder.IndexPath(name, File));
        _records.Add(head);
        WriteRecords();
    }

    /// <summary>Name of its files without what tells them apart.</summary>
    public string File { get; }

    public long FirstMsn { get; }

    /// <summary>Media time since it began, in 90 kHz ticks.</summary>
    public long Duration90k => _start90k < 0 ? 0 : _end90k - _start90k;

    public DateTimeOffset Started { get; private set; }

    /// <summary>A number begins, or another source begins it anew.</summary>
    public void Begin(LiveSegment segment)
    {
        var epoch = segment.Mark?.Epoch ?? 0;
        if (_begun.TryGetValue(segment.Msn, out var known) && epoch <= known)
        {
            return;
        }

        _begun[segment.Msn] = epoch;
        if (_start90k < 0 && segment.Mark is { } mark)
        {
            (_start90k, _end90k, _syncedEnd90k, Started) = (mark.Start90k, mark.Start90k, mark.Start90k, mark.ProgramDateTime);
        }

        _records.Add(segment.Msn, segment.Mark);
        WriteRecords();
    }

    /// <summary>Writes a part, and that it is there. <paramref name="bytes"/> are the part's, header and media, as far as they are kept.</summary>
    public void Write(string rendition, InitSegment init, long msn, long epoch, int number, TrackPart part, ReadOnlySpan<byte> bytes)
    {
        var media = MediaOf(rendition);
        if (media.Init != init.Number)
        {
            Configure(media, init);
        }

        RandomAccess.Write(media.File, bytes, media.Length);
        var first = part.Frames[0];
        _records.Add(new JournalPart(
            media.Slot, msn, number, epoch, media.Length, bytes.Length, bytes.Length - (int)part.PayloadLength, first.Dts, part.Duration, first.CompositionOffset,
            part.StartsWithKey, JournalRecord.Crc32C(bytes)));
        media.Length += bytes.Length;
        _bytes += bytes.Length;
        _end90k = Math.Max(_end90k, MediaTime.RescaleNearest(first.Dts + part.Duration, first.Track.Timescale, MediaTime.Hz90k));
        WriteRecords();
    }

    public void End(string rendition, long msn, long epoch, TrackSegment share)
    {
        _records.Add(new JournalSegmentEnd(MediaOf(rendition).Slot, msn, epoch, share.IsGap, share.Duration, share.Timescale));
        WriteRecords();
    }

    /// <summary>Flushes to the disk what was written: from here on it is acknowledged.</summary>
    public void Sync()
    {
        if (!_unsynced)
        {
            return;
        }

        foreach (var media in _media)
        {
            if (media.Length != media.Synced)
            {
                RandomAccess.FlushToDisk(media.File);
                media.Synced = media.Length;
            }
        }

        RandomAccess.FlushToDisk(_index);
        (_syncedEnd90k, _syncedBytes, _unsynced) = (_end90k, _bytes, false);
    }

    /// <summary>What is acknowledged.</summary>
    public RecordedVolume Describe(string node, bool ended) => new()
    {
        File = File, Node = node, Start90k = Math.Max(_start90k, 0), End90k = Math.Max(_syncedEnd90k, 0), Bytes = _syncedBytes, Ended = ended, Started = Started,
        Entry = _entry,
    };

    /// <summary>Ends it in order.</summary>
    public void Close()
    {
        _records.AddEnd();
        WriteRecords();
        Sync();
        CloseFiles();
    }

    /// <summary>The disk failed: what is torn is cut off, as far as the disk lets us.</summary>
    public void Abandon()
    {
        try
        {
            RandomAccess.SetLength(_index, _indexLength);
            foreach (var media in _media)
            {
                RandomAccess.SetLength(media.File, media.Length);
            }

            Sync();
        }
        catch (IOException)
        {
            // The next start of the node finds and repairs it.
        }

        CloseFiles();
    }

    Media MediaOf(string rendition)
    {
        foreach (var known in _media)
        {
            if (known.Rendition == rendition)
            {
                return known;
            }
        }

        var media = new Media(_media.Count, rendition, Create(_folder.MediaPath(_name, File, rendition)));
        _media.Add(media);
        return media;
    }

    void Configure(Media media, InitSegment init)
    {
        RandomAccess.Write(media.File, init.Bytes.Span, media.Length);
        _records.Add(new JournalTrack(media.Slot, media.Rendition, init.Track, init.Number, media.Length, init.Bytes.Length));
        media.Length += init.Bytes.Length;
        _bytes += init.Bytes.Length;
        media.Init = init.Number;
        WriteRecords();
    }

    void WriteRecords()
    {
        RandomAccess.Write(_index, _records.Written, _indexLength);
        _indexLength += _records.Written.Length;
        _records.Clear();
        _unsynced = true;
    }

    void CloseFiles()
    {
        _index.Dispose();
        _media.ForEach(static media => media.File.Dispose());
    }

    static SafeFileHandle Create(string path) =>
        System.IO.File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete);

    sealed class Media(int slot, string rendition, SafeFileHandle file)
    {
        public int Slot => slot;

        public string Rendition => rendition;

        public SafeFileHandle File => file;

        public ulong Init { get; set; }

        public long Length { get; set; }

        public long Synced { get; set; }
    }
}
