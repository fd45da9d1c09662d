using Tributary.Grains.Recordings;
using Tributary.Media.Frames;
using Tributary.Media.Journal;
using Tributary.Media.Packaging.Live;
using Tributary.Unit.Packaging;

namespace Tributary.Unit.Recording;

/// <summary>A journal in a folder of its own, written from a synthetic stream with the containers of the product.</summary>
sealed class JournalFixture(SegmentMuxers? muxers = null) : IDisposable
{
    public const string Entry = "1_abcdefgh";

    readonly SyntheticStream _media = new();
    readonly LiveWindow _window = new(new LiveWindowOptions { Window = TimeSpan.FromMinutes(5) }, muxers ?? LiveMuxers.All);

    public string Root { get; } = Directory.CreateTempSubdirectory("journal-").FullName;

    public JournalFolder Folder => new(Root);

    public SyntheticStream Media => _media;

    public LiveWindow Window => _window;

    public void Publish(params long[] numbers)
    {
        foreach (var msn in numbers)
        {
            Publish(_media.Segment(_media.Mark(msn)));
        }
    }

    public void Publish(IEnumerable<MarkedFrame> frames)
    {
        MarkedFrame[] batch = [.. frames];
        _window.Append(batch);
        foreach (var frame in batch)
        {
            frame.Frame.Data.Release();
        }
    }

    public JournalWriter Writer(long epoch = 1, TimeSpan? volume = null, long from = 0, bool rewind = false) => new(
        Folder, new JournalPlan(Entry, "demo", rewind ? "" : Entry, epoch, from, volume ?? TimeSpan.FromMinutes(15)), "node-1", TimeProvider.System);

    /// <summary>Writes the numbers that the window has, as a recorder does; of the last only the first <paramref name="lastParts"/> parts.</summary>
    public void Write(JournalWriter writer, long first, long end, int lastParts = int.MaxValue) => Write(writer, _window, first, end, lastParts);

    public static void Write(JournalWriter writer, LiveWindow window, long first, long end, int lastParts = int.MaxValue)
    {
        var view = window.View;
        for (var msn = first; msn < end; msn++)
        {
            foreach (var track in view.Tracks)
            {
                var segment = view.Segment(msn)!;
                var share = segment.Track(track.Slot)!;
                for (var part = 0; part < share.Parts.Length && (msn < end - 1 || part < lastParts); part++)
                {
                    writer.Write(track.Name, segment, segment.Mark!.Epoch, share.Init!, part, share.Parts[part], Bytes(segment, track.Slot, part));
                }

                if (msn < end - 1 || lastParts >= share.Parts.Length)
                {
                    writer.End(track.Name, segment, segment.Mark!.Epoch, share);
                }
            }

            writer.Reach(msn + 1);
        }
    }

    public static byte[] Bytes(LiveSegment segment, int slot, int part)
    {
        using var body = WindowView.TryHoldPart(segment, slot, part)!;
        var bytes = new MemoryStream();
        foreach (var piece in body)
        {
            bytes.Write(piece.Span);
        }

        return bytes.ToArray();
    }

    public RecordedTimeline Timeline() => RecordedTimeline.Of(Folder.Volumes(Entry).Select(volume =>
    {
        var index = new JournalIndex();
        index.Read(File.ReadAllBytes(Folder.IndexPath(Entry, volume.Volume)));
        return new TimelineVolume(volume.Volume, "node-1", index);
    }));

    /// <summary>Bytes of a number as the timeline places them.</summary>
    public byte[] Read(RecordedPiece piece)
    {
        var file = File.ReadAllBytes(Folder.MediaPath(Entry, piece.Volume.Name, piece.Share.Track!.Name));
        return file[(int)piece.Share.Offset..(int)(piece.Share.Offset + piece.Share.Length)];
    }

    public void Dispose()
    {
        _window.Dispose();
        _media.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}
