using System.Buffers;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;

namespace Tributary.Unit.Containers;

/// <summary>Our fragments against ffmpeg's reading of them: the same packets with the same times as in the file from which they were made.</summary>
[Trait("needs", "ffmpeg")]
public class CmafFfprobeTests
{
    const long Offset90k = 900_000;   // a stream's timeline does not begin at 0

    public static TheoryData<string> Kinds => TestMedia.Kinds;

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public void Ffprobe_reads_the_packets_that_were_muxed(string kind)
    {
        var media = TestMedia.Get(kind);
        var file = Write(media, kind, 0);

        var offset = MediaTime.Rescale(Offset90k, MediaTime.Hz90k, media.Track.Timescale);
        var expected = Ffmpeg.Packets(media.Path, media.Track.Timescale, "-ignore_editlist 1");
        var read = Ffmpeg.Packets(file, media.Track.Timescale);
        Assert.True(expected.Count > 10);

        // ffprobe 5.1 shows no duration for fragments without composition offsets, also not in ffmpeg's own: CmafChunkTests looks at those.
        Assert.Equal(
            expected.Select(p => p with { Pts = p.Pts + offset, Dts = p.Dts + offset, Duration = 0 }),
            read.Select(p => p with { Duration = 0 }));
        Assert.Equal("", Ffmpeg.Decode(file));
        Assert.Equal(
            Ffmpeg.Streams(media.Path, "codec_name,profile,width,height,pix_fmt,sample_rate,channels"),
            Ffmpeg.Streams(file, "codec_name,profile,width,height,pix_fmt,sample_rate,channels"));
    }

    [SkippableFact]
    public void Negative_composition_offsets_are_read_as_signed()
    {
        var media = TestMedia.Get("h264-b");
        var shift = -media.Frames[0].CompositionOffset;   // the first picture is shown when it is decoded, as encoders with signed offsets write
        var file = Write(media, "negative", shift);

        // ffmpeg's reader moves a track with negative offsets so that none is left; every offset has arrived if it moves by the smallest.
        var smallest = media.Frames.Min(f => f.CompositionOffset) + shift;
        Assert.True(smallest < 0);
        var read = Ffmpeg.Packets(file, MediaTime.Hz90k);
        Assert.Equal(media.Frames.Select(f => f.Pts + shift + Offset90k - smallest), read.Select(p => p.Pts));
        Assert.Equal(media.Frames.Select(f => f.Dts + Offset90k), read.Select(p => p.Dts));
    }

    // In chunks of eight frames, as a low-latency segment has them.
    static string Write(TestMedia media, string kind, int compositionShift)
    {
        var output = new ArrayBufferWriter<byte>();
        var offset = MediaTime.Rescale(Offset90k, MediaTime.Hz90k, media.Track.Timescale);
        var frames = media.Frames
            .Select(f => f with { Dts = f.Dts + offset, CompositionOffset = f.CompositionOffset + compositionShift }).ToArray();
        CmafInitSegment.Write(output, media.Track);
        for (var at = 0; at < frames.Length; at += 8)
        {
            var end = Math.Min(at + 8, frames.Length);
            var next = end < frames.Length ? frames[end].Dts : media.End + offset;
            CmafChunk.Write(output, media.Track, (uint)(at / 8 + 1), frames.AsSpan(at..end), next, new ChunkPrefix(StartsSegment: at == 0));
        }

        var file = TestMedia.NewFile(kind + ".cmaf.mp4");
        System.IO.File.WriteAllBytes(file, output.WrittenSpan);
        return file;
    }
}
