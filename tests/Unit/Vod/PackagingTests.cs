using System.IO.Pipelines;
using System.Text;
using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Languages;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Packaging.Vod.Hls;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Unit.Vod;

public sealed class PackagingTests
{
    static readonly VodPlace Place = new() { BaseUrl = "http://host", SegmentsBaseUrl = "http://host", Path = "/hls/a.mp4" };

    sealed class Opener(params SourceTrack[] tracks) : IMediaOpener
    {
        public ValueTask<OpenedMedia> OpenAsync(SourceClip clip, CancellationToken cancellation) =>
            new(new OpenedMedia(MediaFailure.None, "", new MediaFile(tracks, 0, 0), null, new Zeros()));
    }

    /// <summary>Frames of one NAL unit that fills them.</summary>
    sealed class Zeros : IByteSource
    {
        public long Length => long.MaxValue;

        public DateTimeOffset? LastModified => null;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                buffer.Span[i] = ((offset + i) % 1000) switch { 2 => 996 >> 8, 3 => 996 & 0xFF, 4 => 0x41, _ => 0 };
            }

            return new(buffer.Length);
        }

        public ValueTask DisposeAsync() => default;
    }

    static async Task<byte[]> AnswerAsync(VodRequest request, PackagingOptions options, params SourceTrack[] tracks)
    {
        var set = new MediaSetDescription { Sequences = [new SequenceDescription { Clips = [new SourceClip { Path = "a.mp4" }] }] };
        var answer = await new VodPackager(new Opener(tracks), options).AnswerAsync(new VodJob(set, request, Place, 0), default);
        Assert.Equal("", answer.Reason);
        await using var body = answer.Body!;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await body.WriteAsync(pipe.Writer, 0, body.Length, default);
        await pipe.Writer.CompleteAsync();
        var read = await pipe.Reader.ReadAtLeastAsync((int)body.Length);
        return System.Buffers.BuffersExtensions.ToArray(read.Buffer);
    }

    static async Task<string> TextAsync(VodRequestKind kind, PackagingOptions options, params SourceTrack[] tracks) =>
        Encoding.UTF8.GetString(await AnswerAsync(new VodRequest { Kind = kind }, options, tracks));

    [Fact]
    public async Task A_playlist_lists_segments_to_the_end_of_the_longest_track()
    {
        var text = await TextAsync(VodRequestKind.HlsIndex, PackagingOptions.Default, EvenTrack.Video(20), EvenTrack.Audio(939));
        Assert.Contains("#EXT-X-TARGETDURATION:10\n", text, StringComparison.Ordinal);
        Assert.Contains("#EXTINF:0.032,\nhttp://host/hls/a.mp4/seg-3-v1-a1.ts\n#EXT-X-ENDLIST\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accurate_durations_are_those_between_key_frames()
    {
        var options = new PackagingOptions
        {
            Segmentation = new SegmentationOptions { AlignToKeyFrames = true, DurationsMode = SegmentDurationsMode.Accurate },
        };
        var text = await TextAsync(VodRequestKind.HlsIndex, options, EvenTrack.Video(30, keyEvery: 37));
        Assert.Equal(["10.360", "10.360", "9.280"], text.Split("#EXTINF:").Skip(1).Select(line => line[..line.IndexOf(',', StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task Byte_ranges_of_an_I_frame_playlist_are_where_segments_have_their_key_pictures()
    {
        var tracks = new SourceTrack[] { EvenTrack.Video(20), EvenTrack.Audio(938) };
        var text = await TextAsync(VodRequestKind.HlsIFrames, PackagingOptions.Default, tracks);
        var segment = await AnswerAsync(new VodRequest { Kind = VodRequestKind.HlsTsSegment, SegmentIndex = 0 }, PackagingOptions.Default, tracks);
        var ranges = text.Split("#EXT-X-BYTERANGE:").Skip(1).Where(line => line.Contains("seg-1-", StringComparison.Ordinal)).ToArray();
        Assert.Equal(5, ranges.Length);
        foreach (var range in ranges)
        {
            var (length, offset) = (int.Parse(range.Split('@')[0]), int.Parse(range.Split('@', '\n')[1]));
            Assert.Equal(0, offset % 188);
            Assert.Equal(0x47, segment[offset]);
            Assert.True((segment[offset + 1] & 0x40) != 0, "a PES packet starts there");
            Assert.Equal(0x100, (segment[offset + 1] & 0x1F) << 8 | segment[offset + 2]);
            Assert.True(offset + length <= segment.Length);
        }
    }

    [Fact]
    public async Task Counters_of_a_transport_stream_end_where_they_began()
    {
        var segment = await AnswerAsync(
            new VodRequest { Kind = VodRequestKind.HlsTsSegment, SegmentIndex = 1 }, PackagingOptions.Default, EvenTrack.Video(20), EvenTrack.Audio(938));
        Assert.Equal(0, segment.Length % 188);
        foreach (var stream in segment.Chunk(188).GroupBy(packet => (packet[1] & 0x1F) << 8 | packet[2]).Where(stream => stream.Key is 0x100 or 0x101))
        {
            Assert.Equal(0, stream.Count() % 16);
        }
    }

    [Fact]
    public async Task A_fragment_follows_its_initialisation_segment()
    {
        var options = new PackagingOptions { Hls = new HlsPackagingOptions { Container = HlsContainer.Fmp4 } };
        var tracks = new SourceTrack[] { EvenTrack.Video(20), EvenTrack.Audio(938) };
        var init = await AnswerAsync(new VodRequest { Kind = VodRequestKind.HlsInit }, options, tracks);
        var segment = await AnswerAsync(new VodRequest { Kind = VodRequestKind.HlsFmp4Segment, SegmentIndex = 1 }, options, tracks);
        Assert.Equal("moov", Encoding.ASCII.GetString(init, 28, 4));
        Assert.Equal("moof", Encoding.ASCII.GetString(segment, 4, 4));
    }

    [Fact]
    public void Start_codes_take_the_place_of_lengths_and_keep_the_size()
    {
        byte[] picture = [0, 0, 0, 2, 0x06, 0x11, 0, 0, 0, 3, 0x65, 0x22, 0x33];
        Assert.True(ByteStream.AddsUp(picture));
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new TsPacketWriter(output);
        var stream = new TsStream(0x100, 0xE0);
        writer.BeginPes(ref stream, picture.Length, -1, false, false);
        ByteStream.Append(ref writer, picture);
        writer.Flush();
        Assert.Equal([0, 0, 0, 1, 0x06, 0x11, 0, 0, 1, 0x65, 0x22, 0x33, 0], output.WrittenSpan[^picture.Length..].ToArray());
        Assert.False(ByteStream.AddsUp([0, 0, 0, 9, 1, 2]));
    }

    [Theory]
    [InlineData("fre", "fr", "Français")]
    [InlineData("deu", "de", "Deutsch")]
    [InlineData("it", "it", "Italiano")]
    public void Languages_are_found_by_either_of_their_codes(string code, string two, string name) =>
        Assert.Equal((two, name), (Language.Find(code)!.Short, Language.Find(code)!.Name));
}
