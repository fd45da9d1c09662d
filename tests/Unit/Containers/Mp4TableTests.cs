using Tributary.Media.Containers.Mp4;
using Tributary.Media.Sources;
using static Tributary.Unit.Containers.Boxes;

namespace Tributary.Unit.Containers;

/// <summary>Sample tables that no muxer of the tests writes: large, odd, and damaged ones.</summary>
public class Mp4TableTests
{
    [Fact]
    public async Task More_than_a_million_frames_are_found_by_number_and_by_time()
    {
        const int Frames = 1_500_000;
        var sizes = Enumerable.Range(0, Frames).Select(i => 1 + i % 1_000).ToArray();
        var track = await Track(File(
            stts: Box("stts", 0, 2, 1_000_000, 20, Frames - 1_000_000, 30),
            ctts: Box("ctts", 0, Frames / 2, Words(Enumerable.Range(0, Frames / 2).SelectMany(i => new[] { 2, i }))),
            stss: Box("stss", 0, Frames / 50, Words(Enumerable.Range(0, Frames / 50).Select(i => 1 + 50 * i))),
            stsc: Box("stsc", 0, 2, 1, 1_000_000, 1, 2, 250_000, 1),
            stsz: Box("stsz", 0, 0, Frames, Words(sizes)),
            stco: Box("co64", 0, 3, Long(1L << 33), Long(1L << 34), Long(1L << 35))));

        Assert.Equal("", track.FramesDamage);
        Assert.Equal((Frames, 20_000_000L + 15_000_000, 20), (track.FrameCount, track.Duration, track.MinFrameDuration));
        Assert.Equal(sizes.Sum(s => (long)s), track.TotalBytes);
        Assert.Equal(new SourceFrame((1L << 33) + sizes.Take(999_999).Sum(s => (long)s), 1_000, 19_999_980, 20, 499_999, false), Read(track, 999_999));
        Assert.Equal(new SourceFrame(1L << 34, 1, 20_000_000, 30, 500_000, true), Read(track, 1_000_000));
        Assert.Equal(new SourceFrame(1L << 35, 1, 27_500_000, 30, 625_000, true), Read(track, 1_250_000));
        Assert.Equal((1_000_000, 1_000_001), (track.FindFrame(20_000_000), track.FindFrame(20_000_001)));
        Assert.Equal((Frames, 0), (track.FindFrame(35_000_000), track.FindFrame(-5)));
        Assert.Equal((1_000_050, 1_000_000, 1_000_000), (track.NextKeyFrame(1_000_001), track.PreviousKeyFrame(1_000_049), track.NextKeyFrame(1_000_000)));
        Assert.Equal((Frames, Frames - 50), (track.NextKeyFrame(Frames - 1), track.PreviousKeyFrame(Frames + 10)));
    }

    [Fact]
    public async Task Reading_in_one_go_is_reading_one_by_one()
    {
        var random = new Random(7);
        var sizes = Enumerable.Range(0, 2_000).Select(_ => random.Next(0, 5_000)).ToArray();
        var chunks = Enumerable.Range(0, 400).Select(i => 1_000_000 * i).ToArray();
        var track = await Track(File(
            stts: Box("stts", 0, 3, 700, 3, 0, 9, 1_300, 0),
            ctts: Box("ctts", 0x01000000, 3, 10, -5, 1_000, 7, 200, 0),
            stss: Box("stss", 0, 3, 1, 1_000, 2_000),
            stsc: Box("stsc", 0, 4, 1, 1, 1, 100, 5, 1, 200, 2, 1, 399, 600, 1),
            stsz: Box("stsz", 0, 0, 2_000, Words(sizes)),
            stco: Box("stco", 0, 400, Words(chunks))));

        var all = new SourceFrame[2_000];
        Assert.Equal(2_000, track.Read(0, all));
        for (var i = 0; i < all.Length; i++)
        {
            Assert.Equal(all[i], Read(track, i));
            Assert.Equal(sizes[i], all[i].Size);
        }

        Assert.Equal([0, 999, 1_999], all.Select((f, i) => (f, i)).Where(f => f.f.IsKey).Select(f => f.i));
        Assert.Equal((-5, 7, 0, 0), (all[9].CompositionOffset, all[10].CompositionOffset, all[1_010].CompositionOffset, all[1_999].CompositionOffset));
        Assert.Equal(700, track.FindFrame(2_100));   // frames that are decoded at once: the first of them
    }

    [Fact]
    public async Task Sizes_of_four_bits_and_large_boxes_are_read()
    {
        var moov = File(stsz: Box("stz2", 0, 4, 3, new byte[] { 0x12, 0x30 }), stts: Box("stts", 0, 1, 3, 10));
        var at = moov.AsSpan().IndexOf("moov"u8) + 4;
        var track = await Track([.. Box("ftyp", "isom", 0), .. LargeBox("free", new byte[40]), .. LargeBox("moov", moov[at..])]);

        Assert.Equal([1, 2, 3], new[] { 0, 1, 2 }.Select(i => Read(track, i).Size));
    }

    [Theory]
    [InlineData("0000000000000001 00000258 00000100 00010000", 0, 0x100)]                                        // skips
    [InlineData("0000000000000002 0000012C FFFFFFFF 00010000 00000258 00000000 00010000", 500, 0)]               // 300 of 600 per second: half a second
    [InlineData("0100000000000001 0000000000000258 0000000000000100 00010000", 0, 0x100)]                        // 64 bits
    [InlineData("0000000000000000", 0, 0)]
    public async Task Edit_lists_say_what_is_empty_and_what_is_skipped(string list, long empty, long skipped)
    {
        var file = File(edts: Box("edts", Box("elst", Convert.FromHexString(list.Replace(" ", "", StringComparison.Ordinal)))));
        var track = await Track(file);
        Assert.Equal((empty, skipped, empty - skipped), (track.EmptyEdit, track.EditMediaTime, track.StartOffset));

        var ignored = await Mp4File.OpenAsync(new MemorySource(file), Mp4ReadOptions.Default with { IgnoreEditLists = true }, default);
        Assert.Equal(0, ignored.File!.Tracks[0].StartOffset);
    }

    public static TheoryData<string, byte[]> FileDamage => new()
    {
        { "no moov", Box("ftyp", "isom", 0) },
        { "empty", [] },
        { "text", "this is no media file at all"u8.ToArray() },
        { "cut in moov", File()[..^20] },
        { "moov of 4 bytes", [.. Word(4), .. "moov"u8, .. new byte[40]] },
        { "trak beyond moov", [.. Box("moov", Word(500), "trak")] },
        { "clock that stands still", File(mdhd: Box("mdhd", 0, 0, 0, 0, 40, 0)) },
        { "mdhd cut short", File(mdhd: Box("mdhd", 0)) },
        { "hdlr cut short", File(hdlr: Box("hdlr", 0)) },
        { "edit list of too many", File(edts: Box("edts", Box("elst", 0, 1_000_000, 1, 2, 3))) },
        { "stsd of too many", File(stsd: Box("stsd", 0, 1_000_000_000, H264Entry())) },
        { "stsd without an entry", File(stsd: Box("stsd", 0, 1, 0)) },
        { "entry beyond stsd", File(stsd: Box("stsd", 0, 1, Word(900), H264Entry()[4..])) },
        { "no configuration", File(stsd: Box("stsd", 0, 1, Box("avc1", new byte[78]))) },
    };

    [Theory]
    [MemberData(nameof(FileDamage))]
    public async Task Damage_of_what_describes_a_track_is_damage_of_the_file(string what, byte[] bytes)
    {
        var reading = await Mp4File.OpenAsync(new MemorySource(bytes), Mp4ReadOptions.Default, default);
        Assert.True(reading is { File: null, Failure: MediaFailure.BadData } && reading.Reason.EndsWith('.'), what);
    }

    public static TheoryData<string, byte[]> TableDamage => new()
    {
        { "stts of too many", File(stts: Box("stts", 0, 1_000_000_000, 4, 10)) },
        { "stts is longer than time", File(stts: Box("stts", 0, 3, int.MaxValue / 2, int.MaxValue, int.MaxValue / 2, int.MaxValue, 1, int.MaxValue)) },
        { "more frames than numbers", File(stts: Box("stts", 0, 2, int.MaxValue, 1, int.MaxValue, 1)) },
        { "ctts is empty", File(ctts: Box("ctts", 0, 0)) },
        { "stss of too many", File(stss: Box("stss", 0, 50_000_000, 1)) },
        { "stsc begins with chunk 0", File(stsc: Box("stsc", 0, 1, 0, 4, 1)) },
        { "stsc begins with chunk 2", File(stsc: Box("stsc", 0, 1, 2, 4, 1)) },
        { "stsc of no frames", File(stsc: Box("stsc", 0, 1, 1, 0, 1)) },
        { "stsc goes back", File(stsc: Box("stsc", 0, 3, 1, 1, 1, 3, 1, 1, 2, 1, 1)) },
        { "stsz of too many", File(stsz: Box("stsz", 0, 0, 1_000_000_000, 100)) },
        { "no stsz", File(stsz: []) },
        { "stco of too many", File(stco: Box("stco", 0, 1_000_000_000, 100)) },
        { "stco cut short", File(stco: Box("stco", 0)) },
    };

    [Theory]
    [MemberData(nameof(TableDamage))]
    public async Task Damage_of_a_table_is_noted_with_the_track(string what, byte[] bytes)
    {
        var track = await Track(bytes);
        Assert.True(track.FramesDamage.EndsWith('.'), what);
        Assert.Equal(0, track.Read(0, new SourceFrame[4]));
        Assert.Equal(40, track.DeclaredDuration);
    }

    [Fact]
    public async Task Frames_end_where_a_table_ends()
    {
        var frames = new SourceFrame[4];
        Assert.Equal(1, (await Track(File(stsz: Box("stsz", 0, 0, 1, 100)))).Read(0, frames));
        Assert.Equal(3, (await Track(File(stsc: Box("stsc", 0, 1, 1, 3, 1)))).Read(0, frames));
        Assert.Equal(0, (await Track(File(stco: Box("stco", 0, 0)))).Read(0, frames));
        Assert.Equal(2, (await Track(File(stsz: Box("stsz", 0, 0, 4, 10, 10, -1, 10)))).Read(0, frames));
    }

    [Fact]
    public async Task Key_frames_that_go_back_are_sorted()
    {
        var track = await Track(File(stss: Box("stss", 0, 4, 3, 0, 1, 9)));
        Assert.Equal((0, 2, 4), (track.NextKeyFrame(0), track.NextKeyFrame(1), track.NextKeyFrame(3)));
        Assert.Equal([true, false, true, false], new[] { 0, 1, 2, 3 }.Select(i => Read(track, i).IsKey));
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_read_is_kept_and_named_by_its_bytes()
    {
        var track = await Track(File(stsd: Box("stsd", 0, 1, H264Entry([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xE1, 0xFF, 0xFF]))));
        Assert.Equal(("avc1.ffffff", 640, 360), (track.Info.CodecString, track.Info.Width, track.Info.Height));
    }

    [Fact]
    public async Task What_is_neither_picture_nor_sound_is_passed_over()
    {
        var reading = await Mp4File.OpenAsync(new MemorySource(File(hdlr: Box("hdlr", 0, 0, "text", 0, 0, 0))), Mp4ReadOptions.Default, default);
        Assert.Empty(reading.File!.Tracks);
    }

    [Fact]
    public async Task A_moov_beyond_the_limit_is_not_read()
    {
        byte[] start = [.. Box("ftyp", "isom", 0), .. Word(1 << 30), .. "moov"u8];
        var source = new MemorySource(start, length: 2L << 30);
        var reading = await Mp4File.OpenAsync(source, Mp4ReadOptions.Default, default);
        Assert.Equal(MediaFailure.BadData, reading.Failure);
        Assert.InRange(source.BytesRead, 1, 100_000);
    }

    [Fact]
    public async Task A_million_tiny_boxes_are_too_many()
    {
        byte[] file = [.. Box("ftyp", "isom", 0), .. Enumerable.Repeat(Box("free"), 1_000_000).SelectMany(b => b)];
        var reading = await Mp4File.OpenAsync(new MemorySource(file), Mp4ReadOptions.Default with { MaxBoxes = 500_000 }, default);
        Assert.Equal("The file has more than 500000 boxes.", reading.Reason);
    }

    static async Task<SourceTrack> Track(byte[] file)
    {
        var reading = await Mp4File.OpenAsync(new MemorySource(file), Mp4ReadOptions.Default, default);
        Assert.Equal("", reading.Reason);
        return Assert.Single(reading.File!.Tracks);
    }

    static SourceFrame Read(SourceTrack track, int number)
    {
        var frame = new SourceFrame[1];
        Assert.Equal(1, track.Read(number, frame));
        return frame[0];
    }
}
