using System.Security.Cryptography;
using Tributary.Media.Containers.Matroska;
using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Unit.Containers;

/// <summary>Matroska beside the MP4 file of which it was made: the same frames, and the times that rounding to milliseconds took away.</summary>
public class MatroskaFileTests
{
    public static TheoryData<string> Kinds => TestMedia.Kinds;

    [SkippableTheory]
    [Trait("needs", "ffmpeg")]
    [MemberData(nameof(Kinds))]
    public async Task Frames_have_the_times_of_the_file_that_it_was_made_of(string kind)
    {
        var media = TestMedia.Get(kind);
        var path = TestMedia.NewFile(kind + ".mkv");
        Ffmpeg.Run($"-i {media.Path} -c copy {path}");
        await using var source = FileSource.Open(path);
        var track = Assert.Single((await Open(source)).Tracks);

        Assert.Equal(media.Track.Codec, track.Info.Codec);
        Assert.Equal((media.Track.Width, media.Track.Height), (track.Info.Width, track.Info.Height));
        Assert.Equal((media.Track.SampleRate, media.Track.Channels), (track.Info.SampleRate, track.Info.Channels));
        var frames = new SourceFrame[track.FrameCount];
        Assert.Equal(frames.Length, track.Read(0, frames));
        Assert.Equal(media.Frames.Count, frames.Length);
        var tolerance = media.Track.SamplesPerFrame == 0 && media.Track.Kind == TrackKind.Audio ? media.Track.SampleRate / 500 : 0;
        for (var i = 0; i < frames.Length; i++)
        {
            var (expected, frame) = (media.Frames[i], frames[i]);
            Assert.InRange(frame.DecodeTime - expected.Dts, -tolerance, tolerance);
            Assert.InRange(frame.CompositionOffset - expected.CompositionOffset, -tolerance, tolerance);
            Assert.Equal(expected.IsKey, frame.IsKey);
            var bytes = new byte[frame.Size];
            await source.ReadAsync(frame.Offset, bytes, default);
            Assert.Equal(SHA256.HashData(expected.Data.Span), SHA256.HashData(bytes));
        }
    }

    [SkippableTheory]
    [Trait("needs", "ffmpeg")]
    [InlineData("webm", "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis", Codec.Vp8, Codec.Vorbis)]
    [InlineData("mkv", "-c:v libx264 -preset veryfast -bf 0 -c:a dca -strict -2", Codec.H264, Codec.Dts)]
    [InlineData("mkv", "-c:v libx264 -preset veryfast -bf 0 -c:a aac -live 1", Codec.H264, Codec.Aac)]   // clusters of unknown size, no cues
    public async Task Packets_are_those_that_ffprobe_sees(string format, string options, Codec video, Codec audio)
    {
        Ffmpeg.Require();
        var path = TestMedia.NewFile("two." + format);
        Ffmpeg.Run($"-f lavfi -i testsrc=s=160x120:r=25:d=1.2 -f lavfi -i sine=d=1.2:r=48000 -ac 2 -pix_fmt yuv420p -metadata:s:a language=ger {options} {path}");
        await using var source = FileSource.Open(path);
        var file = await Open(source);

        Assert.Equal([video, audio], file.Tracks.Select(t => t.Info.Codec));
        Assert.Equal("deu", file.Tracks[1].Info.Language);
        var expected = Ffmpeg.Packets(path, 1_000);
        foreach (var track in file.Tracks)
        {
            var frames = new SourceFrame[track.FrameCount];
            track.Read(0, frames);
            var start = track.EmptyEdit - track.EditMediaTime;
            var shown = frames.Select(f => MediaTime.RescaleNearest(f.DecodeTime + f.CompositionOffset + start, track.Info.Timescale, 1_000)).ToList();
            var packets = expected.Where(p => p.Stream == track.Info.Id - 1).ToList();
            Assert.Equal(packets.Count, frames.Length);
            var origin = expected.Min(p => p.Pts);
            for (var i = 0; i < frames.Length; i++)
            {
                var bytes = new byte[frames[i].Size];
                await source.ReadAsync(frames[i].Offset, bytes, default);
                Assert.Equal(packets[i].Hash, "SHA256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)));
                Assert.InRange(shown[i] - (packets[i].Pts - origin), -1, 1);
            }
        }
    }

    [Theory]
    [InlineData("81 0001 80 AABBCC", 1, new[] { 3 })]
    [InlineData("81 0001 02 02 01 03 AABBCCDDEE", 3, new[] { 1, 3, 1 })]                 // Xiph
    [InlineData("81 0001 04 02 AABBCCDDEEFF", 3, new[] { 2, 2, 2 })]                     // of equal size
    [InlineData("81 0001 06 02 83 BE AABBCCDDEEFF", 3, new[] { 3, 2, 1 })]               // EBML: 3, 3 - 1, the rest
    public void Laced_frames_have_the_sizes_that_the_head_says(string block, int count, int[] sizes)
    {
        var data = Convert.FromHexString(block.Replace(" ", "", StringComparison.Ordinal));
        Span<int> found = stackalloc int[MatroskaBlock.MostFrames];
        Assert.True(MatroskaBlock.TryRead(data, data.Length, found, out var head, out var frames));
        Assert.Equal((1L, 1, count), (head.Track, head.Timestamp, frames));
        Assert.Equal(sizes, found[..frames].ToArray());
        Assert.Equal(data.Length, head.Length + sizes.Sum());
    }

    [Theory]
    [InlineData("81 0001")]
    [InlineData("81 0001 02 05 FFFFFF")]
    [InlineData("81 0001 04 02 AABBCCDD")]
    [InlineData("81 0001 06 02 83 80 AABB")]
    public void Heads_that_do_not_fit_their_block_are_refused(string block)
    {
        var data = Convert.FromHexString(block.Replace(" ", "", StringComparison.Ordinal));
        Assert.False(MatroskaBlock.TryRead(data, data.Length, new int[MatroskaBlock.MostFrames], out _, out _));
    }

    [SkippableFact]
    [Trait("needs", "ffmpeg")]
    public async Task A_file_that_breaks_off_anywhere_has_the_frames_before_that()
    {
        var path = TestMedia.NewFile("cut.mkv");
        Ffmpeg.Run($"-i {TestMedia.Get("h264").Path} -c copy {path}");
        var bytes = await File.ReadAllBytesAsync(path);
        var last = 0;
        for (var length = 0; length <= bytes.Length; length += 211)
        {
            var reading = await MatroskaFile.OpenAsync(new MemorySource(bytes[..length]), MatroskaReadOptions.Default, default);
            var frames = reading.File?.Tracks.Sum(t => t.FrameCount) ?? 0;
            Assert.InRange(frames, last, 30);
            last = frames;
        }

        Assert.InRange(last, 28, 30);
    }

    static async Task<MediaFile> Open(FileSource source)
    {
        var reading = await MatroskaFile.OpenAsync(source, MatroskaReadOptions.Default, default);
        Assert.Equal(("", MediaFailure.None), (reading.Reason, reading.Failure));
        return reading.File!;
    }
}
