using System.Buffers;
using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Frames;

namespace Tributary.Unit.Containers;

/// <summary>Our transport streams against ffmpeg's reading of them: the same coded bytes and times as in the files from which they were made.</summary>
[Trait("needs", "ffmpeg")]
public class TsFfprobeTests
{
    const long Offset90k = 900_000;

    [SkippableTheory]
    [InlineData("h264", "aac")]
    [InlineData("h264-b", "mp3")]
    [InlineData("h264-b", "ac3")]
    [InlineData("hevc", "eac3")]
    [InlineData(null, "aac")]
    [InlineData("h264-b", null)]
    public void Ffprobe_reads_the_frames_that_were_muxed(string? videoKind, string? audioKind)
    {
        var media = new[] { videoKind, audioKind }.OfType<string>().Select(TestMedia.Get).ToArray();
        var file = Write(media);

        var packets = Ffmpeg.Packets(file, MediaTime.Hz90k);
        for (var stream = 0; stream < media.Length; stream++)
        {
            var read = packets.Where(p => p.Stream == stream).ToList();
            var written = media[stream].Frames;
            Assert.Equal(written.Select(f => f.Dts90k + Offset90k + TsSegment.TimestampOffset90k), read.Select(p => p.Dts));
            Assert.Equal(written.Select(f => f.Pts90k + Offset90k + TsSegment.TimestampOffset90k), read.Select(p => p.Pts));
            Assert.Equal(written.Select(f => f.IsKey), read.Select(p => p.Key));
            Assert.Equal(CodedBytes(media[stream].Path, 0, media[stream].Track.Codec, fromMp4: true), CodedBytes(file, stream, media[stream].Track.Codec, fromMp4: false));
        }

        Assert.Equal("", Ffmpeg.Decode(file));
    }

    // What the encoder coded: without delimiters, parameter sets and HEVC's SEI, of which a container may have more or fewer.
    static List<string> CodedBytes(string file, int stream, Codec codec, bool fromMp4)
    {
        var filter = codec switch
        {
            Codec.H264 => $"-bsf {(fromMp4 ? "h264_mp4toannexb," : "")}filter_units=remove_types=7|8|9",
            Codec.Hevc => $"-bsf {(fromMp4 ? "hevc_mp4toannexb," : "")}filter_units=remove_types=32|33|34|35|39",
            Codec.Aac when !fromMp4 => "-bsf aac_adtstoasc",
            _ => "",
        };
        var lines = Ffmpeg.Text($"{(fromMp4 ? "-ignore_editlist 1 " : "")}-i {file} -map 0:{stream} -c copy -copyts {filter} -f framemd5");
        return [.. lines.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(',')[5].Trim())];
    }

    // In segments of twelve pictures, or half a second of sound.
    static string Write(TestMedia[] media)
    {
        var frames = media.SelectMany(m => m.Frames.Select(f => f with { Dts = f.Dts + MediaTime.Rescale(Offset90k, MediaTime.Hz90k, f.Track.Timescale) }))
            .OrderBy(f => f.Dts90k).ToArray();
        var video = media.Select(m => m.Track).SingleOrDefault(t => t.Kind == TrackKind.Video);
        var audio = media.Select(m => m.Track).SingleOrDefault(t => t.Kind == TrackKind.Audio);
        var output = new ArrayBufferWriter<byte>();
        var reader = new TsReader();
        for (int at = 0, msn = 41; at < frames.Length; msn++)
        {
            var end = at + 1;
            while (end < frames.Length && !(video is null ? end % 24 == 0 : frames[end].Track == video && frames[end].IsKey))
            {
                end++;
            }

            var before = output.WrittenCount;
            TsSegment.Write(output, video, audio, frames.AsSpan(at..end), msn);
            reader.Read(output.WrittenSpan[before..]);
            at = end;
        }

        var file = TestMedia.NewFile("segments.ts");
        System.IO.File.WriteAllBytes(file, output.WrittenSpan);
        return file;
    }
}
