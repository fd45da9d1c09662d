using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Tributary.Gateway.ApiV3;
using Tributary.Gateway.Recorded;
using Tributary.Gateway.Vod;
using Tributary.Grains.Platform;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Playback;
using Tributary.Grains.Recordings;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Sources;
using Tributary.Unit.Recording;

namespace Tributary.Unit.Vod;

public sealed class EntriesTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("entries");
    readonly FixedTime _time = new();

    public void Dispose() => _folder.Delete(recursive: true);

    sealed class FixedTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Now.UtcTicks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }

    static VodVariables Variables => new(new DefaultHttpContext());

    EntryTickets Tickets => new(
        new MappingSeal(Options.Create(new VodOptions { MappingSecret = "a secret" }), new ConfigurationBuilder().Build()), Options.Create(new VodOptions()), _time);

    PlatformVodEntry Entry(EntryRules rules, params PlatformObject[] assets) => new(
        "0_abcd1234", assets, rules, new ContentStore(_folder.FullName, Options.Create(new PlatformOptions())),
        new OpenFiles(Options.Create(new VodOptions()), _time), Tickets, _time);

    static EntryRules Free => new(null, null, []);

    static PlatformObject Asset(string id, params (string File, double Seconds)[] pieces)
    {
        var asset = new PlatformObject("FlavorAsset") { { "id", id }, { "_file", pieces[0].File } };
        if (pieces.Length > 1)
        {
            asset["_pieces"] = pieces.Select(piece => (object?)new PlatformObject("Piece") { { "file", piece.File }, { "seconds", piece.Seconds } }).ToList();
        }

        return asset;
    }

    [Fact]
    public void Renditions_are_sequences_and_pieces_are_clips()
    {
        var entry = Entry(Free, Asset("0_a", ("a1.mp4", 10.04), ("a2.mp4", 20)), Asset("0_b", ("b1.mp4", 10), ("b2.mp4", 20)), Asset("0_c", ("c1.mp4", 10)));

        var set = entry.SetFor(new(new DefaultHttpContext(), "0_abcd1234", [], "")).Set!;

        Assert.Equal(["0_a", "0_b"], set.Sequences.Select(sequence => sequence.Id));   // the third lacks a piece
        Assert.Equal([10_040L, 20_000L], set.Durations);
        Assert.All(set.Sequences, sequence => Assert.Equal(2, sequence.Clips.Count));
        Assert.Equal(["0_b"], entry.SetFor(new(new DefaultHttpContext(), "0_abcd1234", ["0_b"], "")).Set!.Sequences.Select(sequence => sequence.Id));
        Assert.Equal(MediaFailure.NoStreams, entry.SetFor(new(new DefaultHttpContext(), "0_abcd1234", ["0_x"], "")).Failure);
    }

    [Fact]
    public async Task A_clip_names_the_file_of_its_rendition()
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "assets"));
        await File.WriteAllBytesAsync(Path.Combine(_folder.FullName, "assets/b.mp4"), [1, 2, 3]);
        var entry = Entry(Free, Asset("0_a", ("assets/a.mp4", 1)), Asset("0_b", ("assets/b.mp4", 1)));
        var entries = new VodEntries([new OneEntry("0_abcd1234", entry)], Options.Create(new VodOptions()), _time);

        var set = (await entries.ResolveAsync("/0_abcd1234/flavors/0_b", Variables, default))!.Value.Set!;
        var clip = Assert.IsType<Tributary.Media.Sets.SourceClip>(set.Sequences[0].Clips[0]);
        var opened = await entries.OpenAsync(clip.Path, default);

        Assert.Equal(MediaFailure.None, opened.Failure);
        Assert.Equal(3, opened.Source!.Length);
        Assert.Equal(MediaFailure.NotFound, (await entries.OpenAsync("0_abcd1234/7", default)).Failure);
        Assert.Equal(MediaFailure.NotFound, (await entries.OpenAsync("0_other/0", default)).Failure);
    }

    [Theory]
    [InlineData("/0_other")]
    [InlineData("/folder/clip.mp4")]
    [InlineData("/0_abcd1234/clip.mp4")]
    [InlineData("/..")]
    [InlineData("")]
    public async Task What_names_no_entry_is_left_to_files(string path)
    {
        var entries = new VodEntries([new OneEntry("0_abcd1234", Entry(Free, Asset("0_a", ("a.mp4", 1))))], Options.Create(new VodOptions()), _time);

        Assert.Null(await entries.ResolveAsync(path, Variables, default));
    }

    [Fact]
    public async Task An_entry_is_asked_for_again_when_what_is_known_is_old()
    {
        var catalog = new OneEntry("0_abcd1234", Entry(Free, Asset("0_a", ("a.mp4", 1))));
        var entries = new VodEntries([catalog], Options.Create(new VodOptions()), _time);
        await entries.ResolveAsync("/0_abcd1234", Variables, default);
        await entries.ResolveAsync("/0_abcd1234", Variables, default);
        Assert.Equal(1, catalog.Asked);
        _time.Now += TimeSpan.FromSeconds(11);
        await entries.ResolveAsync("/0_abcd1234", Variables, default);
        Assert.Equal(2, catalog.Asked);
    }

    [Fact]
    public void Who_is_kept_out_by_rules_gets_in_by_a_ticket_for_as_long_as_it_is_good()
    {
        var rule = new PlatformObject("Rule") { { "actions", new List<object?> { new PlatformObject("AccessControlBlockAction") } } };
        var entry = Entry(new EntryRules(null, null, [rule]), Asset("0_a", ("a.mp4", 1)), Asset("0_b", ("b.mp4", 1)));
        var ticket = Tickets.Write("0_abcd1234", "0_a");
        MediaFailure Asks(string flavors, string with) => entry.SetFor(new(new DefaultHttpContext(), "0_abcd1234", flavors.Length > 0 ? flavors.Split(',') : [], with)).Failure;

        Assert.Equal(MediaFailure.Forbidden, Asks("0_a", ""));
        Assert.Equal(MediaFailure.None, Asks("0_a", ticket));
        Assert.Equal(MediaFailure.Forbidden, Asks("0_b", ticket));
        Assert.Equal(MediaFailure.Forbidden, Asks("", ticket));
        Assert.Equal(MediaFailure.Forbidden, Asks("0_a", Tickets.Write("0_another1", "0_a")));
        Assert.Equal(MediaFailure.Forbidden, Asks("0_a", ticket[..^2]));
        _time.Now += TimeSpan.FromHours(13);
        Assert.Equal(MediaFailure.Forbidden, Asks("0_a", ticket));
    }

    [Fact]
    public void Before_and_after_its_time_an_entry_is_not_played()
    {
        var now = _time.Now.ToUnixTimeSeconds();
        MediaFailure Asks(long? start, long? end) => Entry(new EntryRules(start, end, []), Asset("0_a", ("a.mp4", 1))).SetFor(new(new DefaultHttpContext(), "0_abcd1234", [], "")).Failure;

        Assert.Equal(MediaFailure.None, Asks(now - 5, now + 5));
        Assert.Equal(MediaFailure.Forbidden, Asks(now + 5, null));
        Assert.Equal(MediaFailure.Forbidden, Asks(null, now - 5));
    }

    [Fact]
    public async Task A_recording_is_one_movie_whose_media_stays_in_the_journal()
    {
        using var journal = new JournalFixture();
        journal.Publish(0, 1, 2, 3);
        var writer = journal.Writer();
        journal.Write(writer, 0, 3);
        writer.Close();
        var timeline = journal.Timeline();

        var run = Assert.Single(RecordedCatalog.Runs(timeline));
        Assert.Equal(timeline.Numbers, run);
        var local = new LocalJournals(new Tributary.Grains.Recordings.JournalFolders(journal.Folder, journal.Folder));
        var reads = 0;
        var heads = new PartHeads(JournalFixture.Entry, _ =>
        {
            reads++;
            return local;
        });
        Assert.NotNull(await MovieDownload.Build(timeline, run[..2], [0, 1], heads, default));
        var before = reads;
        var movie = await MovieDownload.Build(timeline, run, [0, 1], heads, default);
        Assert.Equal((before / 2 * 3, reads), (reads, heads.Count));   // of three numbers with as many parts each only the new one's are read
        var source = new MovieSource(movie!);
        var whole = new byte[source.Length];
        Assert.Equal(whole.Length, await source.ReadAsync(0, whole, default));
        Assert.Equal(0, await source.ReadAsync(source.Length, new byte[1], default));
        var read = await Mp4File.OpenAsync(source, new Mp4ReadOptions(), default);
        Assert.Equal(MediaFailure.None, read.Failure);
        Assert.Equal([TrackKind.Video, TrackKind.Audio], read.File!.Tracks.Select(track => track.Info.Kind));

        // The first frame's bytes, read at their place, are the journal's.
        var frames = new SourceFrame[1];
        Assert.Equal(1, read.File.Tracks[0].Read(0, frames));
        var first = new byte[frames[0].Size];
        Assert.Equal(first.Length, await source.ReadAsync(frames[0].Offset, first, default));
        Assert.True(journal.Read(timeline.Numbers[0].Piece(0)!.Value).AsSpan().IndexOf(first) > 0);
    }

    sealed class OneEntry(string id, VodEntry entry) : IEntryCatalog
    {
        public int Asked { get; private set; }

        public Task<VodEntry?> FindAsync(string asked, CancellationToken cancellation)
        {
            Asked++;
            return Task.FromResult(asked == id ? entry : null);
        }
    }
}
