using System.Security.Cryptography;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Unit.Containers;

/// <summary>Our reading of ffmpeg's files beside ffprobe's: each frame with its bytes, times and key flag.</summary>
[Trait("needs", "ffmpeg")]
public class Mp4FileTests
{
    public static TheoryData<string> Kinds => TestMedia.Kinds;

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public async Task Frames_are_those_that_ffprobe_sees(string kind)
    {
        var media = TestMedia.Get(kind);
        await using var source = FileSource.Open(media.Path);
        var file = await Open(source);

        var track = Assert.Single(file.Tracks);
        Assert.Equal(media.Track.Codec, track.Info.Codec);
        Assert.Equal(media.Track.DecoderConfig.ToArray(), track.Info.DecoderConfig.ToArray());
        Assert.Equal((media.Track.Width, media.Track.Height), (track.Info.Width, track.Info.Height));
        Assert.Equal((media.Track.SampleRate, media.Track.Channels), (track.Info.SampleRate, track.Info.Channels));
        Assert.Equal(Ffmpeg.Packets(media.Path, track.Info.Timescale, "-ignore_editlist 1"), await Packets(source, track, 0));
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("-movflags +faststart")]
    [InlineData("-movflags +negative_cts_offsets")]
    [InlineData("-movie_timescale 90000 -video_track_timescale 30000")]
    [InlineData("-f mov")]
    public async Task Files_of_two_tracks_are_read_however_they_are_written(string options)
    {
        var path = Mux(options, options.EndsWith("mov", StringComparison.Ordinal) ? "two.mov" : "two.mp4");
        await using var source = FileSource.Open(path);
        var file = await Open(source);

        Assert.Equal([(1, TrackKind.Video, 1), (2, TrackKind.Audio, 1)], file.Tracks.Select(t => (t.Info.Id, t.Info.Kind, t.IndexInKind)));
        List<Packet> packets = [.. await Packets(source, file.Tracks[0], 0), .. await Packets(source, file.Tracks[1], 1)];
        var video = Ffmpeg.Packets(path, file.Tracks[0].Info.Timescale, "-ignore_editlist 1 -select_streams v");
        var shift = options.Contains("negative", StringComparison.Ordinal) ? video[0].Dts : 0;   // ffmpeg moves decoding until no offset is negative
        var audio = Ffmpeg.Packets(path, file.Tracks[1].Info.Timescale, "-ignore_editlist 1 -select_streams a");
        var expected = video.Select(p => p with { Dts = p.Dts - shift }).Concat(audio);
        Assert.Equal(expected, packets);
    }

    [SkippableFact]
    public async Task Names_languages_and_edits_are_kept()
    {
        var path = Mux("-metadata:s:a:0 language=fra -metadata:s:a:0 handler_name=Commentaire", "named.mp4");
        await using var source = FileSource.Open(path);
        var file = await Open(source);
        var (video, audio) = (file.Tracks[0], file.Tracks[1]);

        Assert.Equal(("", "fra", "Commentaire"), (video.Info.Language, audio.Info.Language, audio.Name));
        Assert.Equal(video.DecodeTimeOf(2), video.EditMediaTime);   // two frames of delay for B-frames
        Assert.Equal(1_024, audio.EditMediaTime);                   // the encoder's priming
        Assert.Equal("avc1"u8.ToArray(), video.SampleEntry.Slice(4, 4).ToArray());
        Assert.InRange(file.DurationMilliseconds, 1_200, 1_300);
    }

    [SkippableFact]
    public async Task Opening_reads_the_movie_box_only()
    {
        Ffmpeg.Require();
        var bytes = await File.ReadAllBytesAsync(TestMedia.Get("h264-b").Path);
        var mdat = new byte[40 << 20];   // the frames, and much behind them, before the moov
        var start = bytes.AsSpan().IndexOf("moov"u8) - 4;
        byte[] file = [.. Boxes.Box("ftyp", "isom", 0), .. Boxes.Box("mdat", mdat), .. bytes[start..]];
        var source = new MemorySource(file);

        var reading = await Mp4File.OpenAsync(source, Mp4ReadOptions.Default, default);
        Assert.Equal("", reading.Reason);
        Assert.InRange(source.BytesRead, bytes.Length - start, 200_000);
    }

    static string Mux(string options, string name)
    {
        var (video, audio) = (TestMedia.Get("h264-b"), TestMedia.Get("aac"));
        var path = TestMedia.NewFile(name);
        Ffmpeg.Run($"-i {video.Path} -i {audio.Path} -map 0:v -map 1:a -c copy {options} {path}");
        return path;
    }

    static async Task<MediaFile> Open(FileSource source)
    {
        var reading = await Mp4File.OpenAsync(source, Mp4ReadOptions.Default, default);
        Assert.Equal(("", MediaFailure.None), (reading.Reason, reading.Failure));
        return reading.File!;
    }

    static async Task<List<Packet>> Packets(FileSource source, SourceTrack track, int stream)
    {
        List<Packet> packets = [];
        var frames = new SourceFrame[7];
        while (track.Read(packets.Count, frames) is > 0 and var count)
        {
            foreach (var frame in frames.Take(count))
            {
                Assert.Equal(track.DecodeTimeOf(packets.Count), frame.DecodeTime);
                var bytes = new byte[frame.Size];
                Assert.Equal(frame.Size, await source.ReadAsync(frame.Offset, bytes, default));
                packets.Add(new Packet(
                    stream, frame.DecodeTime + frame.CompositionOffset, frame.DecodeTime, frame.Duration, frame.IsKey,
                    "SHA256:" + Convert.ToHexStringLower(SHA256.HashData(bytes))));
            }
        }

        Assert.Equal(track.FrameCount, packets.Count);
        Assert.Equal(track.Duration, packets.Sum(p => p.Duration));
        return packets;
    }
}
