using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using System.Xml.Linq;
using Tributary.Media.Captions;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sets;
using Tributary.Media.Sources;
using Tributary.Unit.Containers;

namespace Tributary.Unit.Vod;

/// <summary>Smooth Streaming and Adobe HDS out of a file of 25 s: manifests that add up, and fragments whose boxes say where the frames are.</summary>
public sealed class MssAndHdsTests
{
    const string Namespace = "http://ns.adobe.com/f4m/1.0";

    static readonly VodPlace Place = new() { BaseUrl = "", SegmentsBaseUrl = "", Path = "/v/a.mp4", FileName = "manifest.f4m" };

    static readonly CaptionsFile Captions = new([new CaptionCue(9_000, 11_000, "", "", "both <i>fragments</i>")], "", 11_000);

    [Fact]
    public async Task A_smooth_manifest_names_fragments_by_sequence_and_track_and_their_lengths_add_up()
    {
        var xml = XDocument.Parse(await TextAsync(new VodRequest { Kind = VodRequestKind.MssManifest }));
        Assert.Equal("250240000", xml.Root!.Attribute("Duration")!.Value);
        var streams = xml.Root.Elements("StreamIndex").ToDictionary(s => s.Attribute("Type")!.Value);
        Assert.Equal("199680", streams["video"].Element("QualityLevel")!.Attribute("Bitrate")!.Value);   // 200,000 rounded down to 1,024
        Assert.Equal("AACL", streams["audio"].Element("QualityLevel")!.Attribute("FourCC")!.Value);
        Assert.Equal("32", streams["text"].Element("QualityLevel")!.Attribute("Bitrate")!.Value);        // of the second sequence
        Assert.Equal([100_000_000L, 100_000_000, 50_000_000], Lengths(streams["video"]));
        Assert.Equal([100_000_000L, 100_000_000, 50_240_000], Lengths(streams["audio"]));
        Assert.Equal([100_000_000L, 10_000_000], Lengths(streams["text"]));
    }

    [Fact]
    public async Task A_smooth_fragment_says_its_time_and_where_its_frames_are()
    {
        var body = await AnswerAsync(new VodRequest
        {
            Kind = VodRequestKind.MssFragment, MssStream = MssStream.Video, Bitrate = 199_680, SegmentTime = 200_000_000,
        });
        Assert.True(BoxReader.TryFind(body, "moof"u8, out var moof));
        Assert.True(BoxReader.TryFind(moof, "traf"u8, out var traf));
        Assert.True(BoxReader.TryFind(traf, "trun"u8, out var run));
        Assert.True(BoxReader.TryFind(traf, "uuid"u8, out var time));
        Assert.Equal((125, 8 + moof.Length + 8), (Int(run, 4), Int(run, 8)));
        Assert.Equal((400_000, 1_000, 0, 0), (Int(run, 12), Int(run, 16), Int(run, 20), Int(run, 24)));
        Assert.Equal((200_000_000, 50_000_000), (BinaryPrimitives.ReadInt64BigEndian(time[4..]), BinaryPrimitives.ReadInt64BigEndian(time[12..])));
        Assert.Equal(8 + moof.Length + 8 + 125_000, body.Length);
    }

    [Theory]
    [InlineData(MssStream.Video, 1, 0)]             // a second track that is not there
    [InlineData(MssStream.Video, 0, 300_000_000)]   // behind the end
    [InlineData(MssStream.Text, 0, 0)]              // captions of a sequence that has none
    public async Task A_smooth_fragment_that_is_not_there_is_missing(MssStream stream, long bitrate, long time)
    {
        var request = new VodRequest { Kind = VodRequestKind.MssFragment, MssStream = stream, Bitrate = bitrate, SegmentTime = time };
        var answer = await new VodPackager(new Opener(), PackagingOptions.Default).AnswerAsync(new VodJob(Set, request, Place, 0), default);
        Assert.Equal(MediaFailure.NoStreams, answer.Failure);
    }

    [Theory]
    [InlineData(0, "00:00:09.000", "00:00:11.000")]
    [InlineData(100_000_000, "00:00:00.000", "00:00:01.000")]
    public async Task A_cue_that_spans_two_fragments_is_in_both_with_times_from_the_fragments_start(long time, string begin, string end)
    {
        var body = await AnswerAsync(new VodRequest { Kind = VodRequestKind.MssFragment, MssStream = MssStream.Text, Bitrate = 32, SegmentTime = time });
        Assert.True(BoxReader.TryFind(body, "mdat"u8, out var document));
        var cue = XDocument.Parse(Encoding.UTF8.GetString(document)).Descendants(XName.Get("p", "http://www.w3.org/ns/ttml")).Single();
        Assert.Equal((begin, end, "both fragments"), (cue.Attribute("begin")!.Value, cue.Attribute("end")!.Value, cue.Value.Trim()));
    }

    [Fact]
    public async Task A_flash_manifest_has_a_bootstrap_of_all_fragments()
    {
        var xml = XDocument.Parse(await TextAsync(new VodRequest { Kind = VodRequestKind.HdsManifest })).Root!;
        XElement Of(string name) => xml.Element(XName.Get(name, Namespace))!;
        Assert.Equal(("/v/a.mp4/manifest.f4m", "25.024", "recorded"), (Of("id").Value, Of("duration").Value, Of("streamType").Value));
        Assert.Equal("frag-f1-v1-a1-", Of("media").Attribute("url")!.Value);

        var bootstrap = Convert.FromBase64String(Of("bootstrapInfo").Value);
        var runs = bootstrap.AsSpan(bootstrap.AsSpan().IndexOf("afrt"u8) + 17);
        Assert.Equal((1, 10_000), (Int(runs, 0), Int(runs, 12)));
        Assert.Equal((3, 20_000, 5_024), (Int(runs, 16), Int(runs, 24), Int(runs, 28)));
        Assert.Equal((0, 0, 17), (Int(runs, 32), Int(runs, 44), runs.Length - 32));   // the end
    }

    [Fact]
    public async Task A_flash_fragment_has_configurations_before_every_key_frame_and_an_index_that_finds_them()
    {
        var body = await AnswerAsync(new VodRequest { Kind = VodRequestKind.HdsFragment, SegmentIndex = 1 });
        Assert.True(BoxReader.TryFind(body, "afra"u8, out var index));
        Assert.Equal(5, Int(index, 9));   // a key frame every two seconds
        for (var i = 0; i < 5; i++)
        {
            var entry = index[(13 + 16 * i)..];
            var tag = body.AsSpan((int)BinaryPrimitives.ReadInt64BigEndian(entry[8..]));
            Assert.Equal(10_000 + 2_000 * i, (int)BinaryPrimitives.ReadInt64BigEndian(entry));
            Assert.Equal([9, 0x17, 0], new[] { tag[0], tag[11], tag[12] });   // video, key frame, configuration
            Assert.Equal(10_000 + 2_000 * i, Int(tag, 3) & 0xFF_FFFF);
        }

        Assert.True(BoxReader.TryFind(body, "mdat"u8, out var tags));
        var (at, last, frames) = (0, 0, 0);
        for (; at < tags.Length; frames++)
        {
            var (size, time) = (Int(tags, at) & 0xFF_FFFF, Int(tags, at + 3) & 0xFF_FFFF);
            Assert.True(time >= last);
            Assert.Equal(size + 11, Int(tags, at + 11 + size));
            (last, at) = (time, at + 11 + size + 4);
        }

        Assert.Equal((tags.Length, 250 + 469 + 5 * 2), (at, frames));
    }

    [Fact]
    public async Task Without_an_index_a_flash_fragment_is_its_tags_alone()
    {
        var options = new PackagingOptions { Hds = new HdsPackagingOptions { GenerateMoof = false } };
        var body = await AnswerAsync(new VodRequest { Kind = VodRequestKind.HdsFragment, SegmentIndex = 2 }, options);
        Assert.Equal(body.Length, Int(body, 0));
        Assert.Equal("mdat"u8.ToArray(), body[4..8]);
    }

    static MediaSetDescription Set => new()
    {
        Sequences =
        [
            new SequenceDescription { Clips = [new SourceClip { Path = "a.mp4" }] },
            new SequenceDescription { Clips = [new SourceClip { Path = "a.vtt" }], Language = "eng" },
        ],
    };

    static long[] Lengths(XElement stream) => [.. stream.Elements("c").Select(c => long.Parse(c.Attribute("d")!.Value))];

    static int Int(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt32BigEndian(bytes[at..]);

    static async Task<string> TextAsync(VodRequest request) => Encoding.UTF8.GetString(await AnswerAsync(request));

    static async Task<byte[]> AnswerAsync(VodRequest request, PackagingOptions? options = null)
    {
        var answer = await new VodPackager(new Opener(), options ?? PackagingOptions.Default).AnswerAsync(new VodJob(Set, request, Place, 0), default);
        Assert.Equal("", answer.Reason);
        await using var body = answer.Body!;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await body.WriteAsync(pipe.Writer, 0, body.Length, default);
        await pipe.Writer.CompleteAsync();
        return System.Buffers.BuffersExtensions.ToArray((await pipe.Reader.ReadAtLeastAsync((int)body.Length)).Buffer);
    }

    sealed class Opener : IMediaOpener
    {
        public ValueTask<OpenedMedia> OpenAsync(SourceClip clip, CancellationToken cancellation) => new(clip.Path == "a.vtt"
            ? new OpenedMedia(MediaFailure.None, "", null, Captions, null)
            : new OpenedMedia(
                MediaFailure.None, "", new MediaFile([EvenTrack.Video(25), EvenTrack.Audio(1173)], 0, 0), null, new MemorySource([], 1L << 40)));
    }
}
