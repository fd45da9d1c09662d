using System.Text;
using Tributary.Grains.KLive;
using Tributary.Grains.Recordings;
using Tributary.Media.Frames;
using Tributary.Media.Journal;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Unit.Recording;

public sealed class JournalTests
{
    [Fact]
    public void A_segment_is_on_disk_as_it_was_live()
    {
        using var journal = new JournalFixture();
        journal.Publish(0, 1, 2, 3);
        var writer = journal.Writer();
        journal.Write(writer, 0, 3);
        writer.Close();
        var timeline = journal.Timeline();
        Assert.True(timeline.IsEnded);
        Assert.Equal(["v1", "a1"], timeline.Renditions);
        Assert.Equal([0L, 1, 2], timeline.Numbers.Select(number => number.Msn));
        var view = journal.Window.View;
        foreach (var track in view.Tracks)
        {
            foreach (var number in timeline.Numbers)
            {
                Assert.Equal(SegmentLookup.Found, view.TryOpenCmaf(track, number.Msn, out var body));
                using (body)
                {
                    var live = new MemoryStream();
                    foreach (var piece in body!)
                    {
                        live.Write(piece.Span);
                    }

                    Assert.Equal(live.ToArray(), journal.Read(number.Piece(timeline.Find(track.Name))!.Value));
                }
            }
        }
    }

    /// <summary>What is rewound is what was live; a recording is chunks alone, as nodes of every version read them.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Timed_metadata_is_in_what_is_rewound_and_not_in_what_is_recorded(bool rewind)
    {
        using var journal = new JournalFixture(new SyncPointRule(SyncPointStreams.Entries).In(LiveMuxers.All, JournalFixture.Entry));
        foreach (var msn in (long[])[0, 1, 2])
        {
            journal.Publish(journal.Media.Segment(journal.Media.Mark(msn)).Select(static frame =>
                frame.Frame.Track.Kind == TrackKind.Video && frame.Frame.Dts90k == frame.Segment.Start90k + 40 * Packaging.SyntheticStream.FrameTicks
                    ? frame with { Frame = frame.Frame with { Metadata = [new TimedMetadata(0, "{\"a\":1}")] } } : frame));
        }

        var writer = journal.Writer(rewind: rewind);
        journal.Write(writer, 0, 2);
        writer.Close();
        var (timeline, view) = (journal.Timeline(), journal.Window.View);
        foreach (var (track, number) in view.Tracks.SelectMany(track => timeline.Numbers.Select(number => (track, number))))
        {
            var (segment, kept) = (view.Segment(number.Msn)!, journal.Read(number.Piece(timeline.Find(track.Name))!.Value));
            var events = segment.Parts(track.Slot).Sum(static part => part.EventsLength);
            var live = segment.Parts(track.Slot).SelectMany((part, index) => JournalFixture.Bytes(segment, track.Slot, index)[(rewind ? 0 : part.EventsLength)..]);
            Assert.Equal(live, kept);
            Assert.Equal(track.Kind == TrackKind.Video, events > 0);
            Assert.Equal(rewind && events > 0 ? 2 : 0, Encoding.ASCII.GetString(kept).Split("emsg\u0001").Length - 1);
        }

        Assert.Equal(0, JournalRecovery.Repair(journal.Folder, JournalFixture.Entry, timeline.Volumes[0].Name, "node-1").CutParts);
        if (!rewind)
        {
            var source = new LocalJournals(new JournalFolders(journal.Folder, journal.Folder));
            Assert.NotNull(await MovieDownload.Build(timeline, JournalFixture.Entry, _ => source, CancellationToken.None));
        }
    }

    [Fact]
    public void Marks_and_tracks_come_back_as_they_were()
    {
        using var journal = new JournalFixture();
        journal.Publish(0, 1, 2);
        var writer = journal.Writer();
        journal.Write(writer, 0, 2);
        writer.Close();
        var timeline = journal.Timeline();
        Assert.Equal(journal.Window.View.Segment(1)!.Mark, timeline.Numbers[1].Mark);
        var track = timeline.Track(0)!;
        Assert.Equal(Packaging.SyntheticStream.Video with { DecoderConfig = default }, track.Info with { DecoderConfig = default });
        Assert.Equal(Packaging.SyntheticStream.Video.DecoderConfig.ToArray(), track.Info.DecoderConfig.ToArray());
    }

    [Fact]
    public void Several_renditions_are_one_recording_and_one_that_misses_a_segment_lists_its_nearest()
    {
        using var journal = new JournalFixture();
        using var second = new LiveWindow(new LiveWindowOptions(), LiveMuxers.All, rendition: 2);
        using var media = new Packaging.SyntheticStream(journal.Media.Pool);
        journal.Publish(0, 1, 2, 3, 4, 5, 6);
        for (var msn = 0; msn < 4; msn++)
        {
            Packaging.SyntheticStream.Send(second, media.Segment(media.Mark(msn, epoch: 9)));   // the epochs of another rendition are its own
        }

        var writer = journal.Writer();
        for (var msn = 0; msn < 6; msn++)
        {
            journal.Write(writer, msn, msn + 1);
            if (msn is > 0 and < 4)
            {
                JournalFixture.Write(writer, second, msn - 1, msn);   // a number behind; and then it is lost
            }
        }

        writer.Close();
        var timeline = journal.Timeline();
        Assert.Equal(["v1", "v11", "a1", "a11"], timeline.Renditions);
        Assert.Equal(["v1", "v11", "a1"], timeline.Offered.Select(rendition => timeline.Renditions[rendition]));
        Assert.Equal(6, timeline.Volumes[0].Index.Segments.Count);
        Assert.Equal(2, Encoding.UTF8.GetString(RecordedMaster.Render(timeline)!.Plain.Span).Split("#EXT-X-STREAM-INF").Length - 1);
        var listed = Encoding.UTF8.GetString(new RecordedPlaylist(timeline, timeline.Find("v11"), RecordedListing.Whole).Render()!.Plain.Span).Split('\n');
        Assert.Equal("11 11 11 1 1 1", string.Join(' ', listed.Where(line => line.EndsWith(".mp4", StringComparison.Ordinal)).Select(line => line[(line.LastIndexOf('v') + 1)..^4])));
        Assert.Equal(2, listed.Count(line => line.StartsWith("#EXT-X-MAP", StringComparison.Ordinal)));
        Assert.DoesNotContain("#EXT-X-GAP", listed);
        Assert.DoesNotContain("#EXT-X-DISCONTINUITY", listed);
    }

    /// <summary>The heart of it: whatever byte was the last that reached the disk.</summary>
    [Fact]
    public void A_crash_at_any_byte_of_the_index_costs_only_what_is_behind_it()
    {
        using var journal = new JournalFixture();
        journal.Publish(0, 1, 2, 3);
        var writer = journal.Writer();
        journal.Write(writer, 0, 2);
        writer.Sync();
        var volume = journal.Folder.Volumes(JournalFixture.Entry)[0].Volume;
        var path = journal.Folder.IndexPath(JournalFixture.Entry, volume);
        var index = ReadShared(path);
        var media = new[] { "v1", "a1" }.ToDictionary(name => name, name => ReadShared(journal.Folder.MediaPath(JournalFixture.Entry, volume, name)));
        writer.Close();
        for (var length = 0; length < index.Length; length++)
        {
            File.WriteAllBytes(path, index[..length]);
            foreach (var (name, bytes) in media)
            {
                File.WriteAllBytes(journal.Folder.MediaPath(JournalFixture.Entry, volume, name), bytes);
            }

            var before = new JournalIndex();
            before.Read(index.AsSpan(0, length));
            var repaired = JournalRecovery.Repair(journal.Folder, JournalFixture.Entry, volume, "node-1");
            Assert.Equal(before.Head is null, repaired.Stream.Length == 0);
            if (before.Head is null)
            {
                Assert.Empty(journal.Folder.Volumes(JournalFixture.Entry));
                continue;
            }

            var after = journal.Timeline().Volumes[0].Index;
            Assert.True(after.IsEnded && JournalRecovery.IsEnded(journal.Folder, JournalFixture.Entry, volume));
            Assert.Equal(before.Segments.Sum(Parts), after.Segments.Sum(Parts));
            Assert.All(after.Tracks.OfType<JournalTrack>(), track => Assert.Equal(
                after.MediaLength(track.Slot), new FileInfo(journal.Folder.MediaPath(JournalFixture.Entry, volume, track.Name)).Length));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(500)]
    public void What_the_index_has_and_the_media_file_has_not_is_cut_off(int missing)
    {
        using var journal = new JournalFixture();
        var (volume, parts) = Torn(journal);
        var media = journal.Folder.MediaPath(JournalFixture.Entry, volume, "v1");
        using (var file = File.OpenHandle(media, FileMode.Open, FileAccess.Write))
        {
            RandomAccess.SetLength(file, RandomAccess.GetLength(file) - missing);
        }

        AssertOnePartLess(journal, volume, parts);
    }

    [Fact]
    public void A_part_whose_bytes_are_not_those_that_were_written_is_cut_off()
    {
        using var journal = new JournalFixture();
        var (volume, parts) = Torn(journal);
        var media = journal.Folder.MediaPath(JournalFixture.Entry, volume, "v1");
        var bytes = File.ReadAllBytes(media);
        bytes[^1] ^= 0xFF;
        File.WriteAllBytes(media, bytes);
        AssertOnePartLess(journal, volume, parts);
    }

    [Fact]
    public void Volumes_change_with_a_number_and_lose_nothing()
    {
        using var journal = new JournalFixture();
        journal.Publish(0, 1, 2, 3, 4, 5);
        var writer = journal.Writer(volume: TimeSpan.FromSeconds(3));
        journal.Write(writer, 0, 5);
        writer.Close();
        Assert.Equal(3, journal.Folder.Volumes(JournalFixture.Entry).Length);
        var timeline = journal.Timeline();
        Assert.Equal([0L, 1, 2, 3, 4], timeline.Numbers.Select(number => number.Msn));
        Assert.All(timeline.Numbers, number => Assert.True(RecordedTimeline.IsListed(number.Piece(0)) && RecordedTimeline.IsListed(number.Piece(1))));
    }

    [Fact]
    public void A_recorder_that_takes_over_doubles_nothing()
    {
        using var journal = new JournalFixture();
        journal.Publish(0, 1, 2, 3, 4, 5);
        var first = journal.Writer(epoch: 1);
        journal.Write(first, 0, 3, lastParts: 1);
        first.Close();
        var second = journal.Writer(epoch: 2, from: 1);
        journal.Write(second, 1, 5);
        second.Close();
        var timeline = journal.Timeline();
        Assert.Equal([0L, 1, 2, 3, 4], timeline.Numbers.Select(number => number.Msn));
        Assert.All(timeline.Numbers, number => Assert.True(number.Piece(0)!.Value.Share.IsComplete));
        Assert.Equal(10, Seconds(new RecordedPlaylist(timeline, 0, RecordedListing.Whole).Render()!), 3);
    }

    [Fact]
    public void A_playlist_of_a_recording_names_ranges_and_ends()
    {
        using var journal = new JournalFixture();
        journal.Publish(0, 1, 2);
        var writer = journal.Writer();
        journal.Write(writer, 0, 2);
        writer.Close();
        var timeline = journal.Timeline();
        var text = Encoding.UTF8.GetString(new RecordedPlaylist(timeline, 0, RecordedListing.Whole).Render()!.Plain.Span);
        var share = timeline.Numbers[0].Piece(0)!.Value.Share;
        Assert.Contains("#EXT-X-PLAYLIST-TYPE:VOD\n", text, StringComparison.Ordinal);
        Assert.Contains($"#EXT-X-MAP:URI=\"1_abcdefgh-000001-000001-v1.mp4\",BYTERANGE=\"{share.Track!.InitLength}@0\"\n", text, StringComparison.Ordinal);
        Assert.Contains($"#EXT-X-BYTERANGE:{share.Length}@{share.Offset}\n1_abcdefgh-000001-000001-v1.mp4\n", text, StringComparison.Ordinal);
        Assert.EndsWith("#EXT-X-ENDLIST\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("DISCONTINUITY", text, StringComparison.Ordinal);
        var master = Encoding.UTF8.GetString(RecordedMaster.Render(timeline)!.Plain.Span);
        Assert.Contains("CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,AUDIO=\"audio\"", master, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rewind_playlist_has_the_window_and_begins_where_it_is_asked_to()
    {
        using var journal = new JournalFixture();
        journal.Publish(0, 1, 2, 3, 4, 5);
        var writer = journal.Writer();
        journal.Write(writer, 0, 5);
        writer.Sync();
        var timeline = journal.Timeline();
        var text = Encoding.UTF8.GetString(new RecordedPlaylist(timeline, 0, RecordedListing.Rewind) { Window90k = 5 * 90_000 }.Render()!.Plain.Span);
        Assert.Contains("#EXT-X-MEDIA-SEQUENCE:2\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("PLAYLIST-TYPE", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ENDLIST", text, StringComparison.Ordinal);
        Assert.Contains("../seg-2-v1.m4s\n", text, StringComparison.Ordinal);
        var start = Packaging.SyntheticStream.Epoch.AddSeconds(7.5);
        text = Encoding.UTF8.GetString(new RecordedPlaylist(timeline, 0, RecordedListing.Rewind) { Start = start }.Render()!.Plain.Span);
        Assert.Contains("#EXT-X-START:TIME-OFFSET=1.500,PRECISE=YES\n", text, StringComparison.Ordinal);
        Assert.Contains("#EXT-X-MEDIA-SEQUENCE:3\n", text, StringComparison.Ordinal);
        writer.Close();
    }

    [Fact]
    public void The_checksum_is_that_of_the_standard() =>
        Assert.Equal(0xE3069283u, JournalRecord.Crc32C("123456789"u8));   // RFC 3720 B.4 has others; this one is the usual check value of CRC-32C

    [Theory]
    [InlineData("studio", RecordingMode.PerSession)]
    [InlineData("studio-2", RecordingMode.Appended)]
    [InlineData("news", RecordingMode.Off)]
    public void The_longest_pattern_counts(string stream, RecordingMode mode)
    {
        var options = new RecordingOptions
        {
            Streams = { ["*"] = RecordingMode.Off, ["studio*"] = RecordingMode.Appended, ["studio"] = RecordingMode.PerSession },
        };
        Assert.Equal(mode, options.ModeOf(stream));
    }

    static (string Volume, int Parts) Torn(JournalFixture journal)
    {
        journal.Publish(0, 1, 2);
        var writer = journal.Writer();
        journal.Write(writer, 0, 2, lastParts: 1);
        writer.Close();
        var volume = journal.Folder.Volumes(JournalFixture.Entry)[0].Volume;
        var path = journal.Folder.IndexPath(JournalFixture.Entry, volume);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^JournalRecord.Head]);   // as if it had not been ended
        return (volume, journal.Timeline().Volumes[0].Index.Segments.Sum(segment => segment.Share(0)?.Parts ?? 0));
    }

    static void AssertOnePartLess(JournalFixture journal, string volume, int parts)
    {
        var repaired = JournalRecovery.Repair(journal.Folder, JournalFixture.Entry, volume, "node-1");
        Assert.True(repaired.CutParts > 0);
        var index = journal.Timeline().Volumes[0].Index;
        Assert.True(index.IsEnded);
        Assert.Equal(parts - 1, index.Segments.Sum(segment => segment.Share(0)?.Parts ?? 0));
    }

    static int Parts(RecordedSegment segment) => (segment.Share(0)?.Parts ?? 0) + (segment.Share(1)?.Parts ?? 0);

    static double Seconds(PlaylistText text) => Encoding.UTF8.GetString(text.Plain.Span).Split('\n')
        .Where(line => line.StartsWith("#EXTINF:", StringComparison.Ordinal))
        .Sum(line => double.Parse(line[8..].TrimEnd(','), System.Globalization.CultureInfo.InvariantCulture));

    static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
