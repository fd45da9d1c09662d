using System.Buffers;
using System.Security.Cryptography;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Sources;
using static Tributary.Unit.Containers.Boxes;

namespace Tributary.Unit.Containers;

/// <summary>Fragmented files, of ffmpeg, of our own muxer, and made by hand.</summary>
public class FragmentedMp4Tests
{
    [SkippableTheory]
    [Trait("needs", "ffmpeg")]
    [InlineData("h264-b", "+frag_keyframe+empty_moov+default_base_moof")]
    [InlineData("h264-b", "+frag_keyframe+empty_moov")]                       // offsets from the file's start
    [InlineData("h264-b", "+frag_keyframe")]                                  // the first frames are in moov's own tables
    [InlineData("h264-b", "+frag_every_frame+empty_moov+delay_moov")]
    [InlineData("h264-b", "+cmaf+frag_keyframe")]
    [InlineData("aac", "+empty_moov+default_base_moof -frag_duration 200000")]
    [InlineData("hevc", "+frag_keyframe+empty_moov+global_sidx+dash")]
    public async Task Frames_are_those_that_ffprobe_sees(string kind, string flags)
    {
        var path = TestMedia.NewFile(kind + "-fragments.mp4");
        Ffmpeg.Run($"-i {TestMedia.Get(kind).Path} -c copy -movflags {flags} {path}");
        await using var source = FileSource.Open(path);
        var track = Assert.Single((await Open(source)).Tracks);

        var expected = Ffmpeg.Packets(path, track.Info.Timescale, "-ignore_editlist 1");
        var first = expected[0].Dts;   // ffprobe's clock is the file's, ours begins with the track
        var packets = await Packets(source, track);
        var shown = first - Math.Min(0, packets.Min(p => p.Pts - p.Dts));   // and ffprobe shows later what has a negative offset, so that none is left
        Assert.Equal(
            expected.Select(p => p with { Pts = p.Pts - shown, Dts = p.Dts - first, Duration = 0 }),
            packets.Select(p => p with { Duration = 0 }));   // ffprobe 5.1 shows no duration for fragments without composition offsets
        Assert.Equal(track.Duration, packets.Sum(p => p.Duration));
    }

    [SkippableFact]
    [Trait("needs", "ffmpeg")]
    public async Task What_our_own_muxer_writes_is_read_from_its_own_time_on_and_up_to_any_byte()
    {
        var media = TestMedia.Get("h264-b");
        var output = new ArrayBufferWriter<byte>();
        CmafInitSegment.Write(output, media.Track);
        const long Clock = 900_000_000_000;   // a live stream's time does not begin at 0
        Frame[] frames = [.. media.Frames.Select(f => f with { Dts = f.Dts + Clock })];
        List<(int End, int Frames)> whole = [(output.WrittenCount, 0)];
        for (var at = 0; at < frames.Length; at += 8)
        {
            var part = frames.AsSpan(at..Math.Min(at + 8, frames.Length));
            CmafChunk.Write(output, media.Track, (uint)at, part, at + 8 < frames.Length ? frames[at + 8].Dts : media.End + Clock);
            whole.Add((output.WrittenCount, at + part.Length));
        }

        var bytes = output.WrittenSpan.ToArray();
        for (var length = whole[0].End; length <= bytes.Length; length += 97)
        {
            var file = await Open(new MemorySource(bytes[..length]));
            var count = file.Tracks.Count == 0 ? 0 : file.Tracks[0].FrameCount;
            Assert.InRange(count, whole.Last(w => w.End <= length).Frames, frames.Length);
        }

        var track = Assert.Single((await Open(new MemorySource(bytes))).Tracks);
        Assert.Equal((frames.Length, media.End), (track.FrameCount, track.Duration));
        var read = new SourceFrame[frames.Length];
        Assert.Equal(frames.Length, track.Read(0, read));
        Assert.Equal(
            media.Frames.Select(f => (f.Dts, f.CompositionOffset, f.IsKey, f.Data.Length)),
            read.Select(f => (f.DecodeTime, f.CompositionOffset, f.IsKey, f.Size)));
        Assert.Equal(read.Select((f, i) => (f, i)).Where(f => f.f.IsKey).Select(f => f.i), Keys(track));
    }

    [Fact]
    public async Task What_a_fragment_does_not_say_goes_on_from_before()
    {
        var moov = Movie(trex: Box("trex", 0, 1, 1, 20, 7, 0));
        var moof = Box("moof", Box("traf", Box("tfhd", 0x20000, 1), Box("trun", 1, 2, 200), Box("trun", 0x204, 3, 0x10000, 5, 6, 7)));
        var later = Box("moof", Box("traf", Box("tfhd", 0x20000, 1), Box("tfdt", 0, 500), Box("trun", 1, 1, 200)));
        var track = Assert.Single((await Open(new MemorySource([.. moov, .. moof, .. later, .. Box("mdat", new byte[300])]))).Tracks);

        var read = new SourceFrame[9];
        Assert.Equal(6, track.Read(0, read));
        var (first, second) = (moov.Length, moov.Length + moof.Length);
        Assert.Equal(
        [
            new(first + 200, 7, 0, 20, 0, true), new(first + 207, 7, 20, 20, 0, true), new(first + 214, 5, 40, 20, 0, false),
            new(first + 219, 6, 60, 20, 0, true), new(first + 225, 7, 80, 420, 0, true), new(second + 200, 7, 500, 20, 0, true),
        ], read[..6]);
        Assert.Equal((520L, 3), (track.Duration, track.NextKeyFrame(2)));
    }

    public static TheoryData<string, byte[]> Damage => new()
    {
        { "a run of four milliards", Box("moof", Box("traf", Box("tfhd", 0, 1), Box("trun", 0, -1))) },
        { "a run cut short", Box("moof", Box("traf", Box("tfhd", 0, 1), Box("trun", 0x300, 1_000, 1))) },
        { "tfhd cut short", Box("moof", Box("traf", Box("tfhd", 0))) },
        { "a base beyond all files", Box("moof", Box("traf", Box("tfhd", 1, 1, Long(long.MinValue)), Box("trun", 0, 1))) },
        { "traf beyond moof", Box("moof", Word(900), "traf") },
    };

    [Theory]
    [MemberData(nameof(Damage))]
    public async Task A_damaged_fragment_ends_the_file(string what, byte[] moof)
    {
        var good = Box("moof", Box("traf", Box("tfhd", 0x20000, 1), Box("trun", 1, 1, 0)));
        var options = Mp4ReadOptions.Default with { MaxFragmentedFrames = 1_000 };
        var reading = await Mp4File.OpenAsync(new MemorySource([.. Movie(Box("trex", 0, 1, 1, 20, 0, 0)), .. good, .. moof, .. good]), options, default);
        Assert.True(reading.File is { Tracks: [{ FrameCount: 1 }] } || reading.Reason == "A track has more than 1000 frames.", what + reading.Reason);
    }

    static byte[] Movie(byte[] trex)
    {
        var file = File(mdhd: Box("mdhd", 0, 0, 0, 1_000, 0, 0), stts: Box("stts", 0, 0), stsc: Box("stsc", 0, 0), stsz: Box("stsz", 0, 0, 0), stco: Box("stco", 0, 0));
        var moov = file.AsSpan().IndexOf("moov"u8) - 4;
        var header = Box("mvhd", 0, 0, 0, 600, 0, new byte[80]);
        var track = file[(moov + 8 + header.Length + 8)..];
        return [.. file[..moov], .. Box("moov", header, Box("trak", Box("tkhd", 0, 0, 0, 1, new byte[68]), track), Box("mvex", trex))];
    }

    static async Task<MediaFile> Open(IByteSource source)
    {
        var reading = await Mp4File.OpenAsync(source, Mp4ReadOptions.Default, default);
        Assert.Equal(("", MediaFailure.None), (reading.Reason, reading.Failure));
        return reading.File!;
    }

    static List<int> Keys(SourceTrack track)
    {
        List<int> keys = [];
        for (var key = track.NextKeyFrame(0); key < track.FrameCount; key = track.NextKeyFrame(key + 1))
        {
            keys.Add(key);
        }

        return keys;
    }

    static async Task<List<Packet>> Packets(FileSource source, SourceTrack track)
    {
        List<Packet> packets = [];
        var frames = new SourceFrame[track.FrameCount];
        Assert.Equal(frames.Length, track.Read(0, frames));
        foreach (var frame in frames)
        {
            var bytes = new byte[frame.Size];
            Assert.Equal(frame.Size, await source.ReadAsync(frame.Offset, bytes, default));
            packets.Add(new Packet(
                0, frame.DecodeTime + frame.CompositionOffset, frame.DecodeTime, frame.Duration, frame.IsKey,
                "SHA256:" + Convert.ToHexStringLower(SHA256.HashData(bytes))));
        }

        return packets;
    }
}
