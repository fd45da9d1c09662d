using System.IO.Pipelines;
using System.Text;
using Tributary.Media.Captions;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Packaging.Vod.Hls;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Unit.Vod;

/// <summary>Sets that only mappings describe: captions, silence, files one after another, clips that are cut each on its own.</summary>
public sealed class MappedPackagingTests
{
    static readonly VodPlace Place = new() { BaseUrl = "http://host", SegmentsBaseUrl = "http://host", Path = "/vod/a" };

    sealed class Opener(SourceTrack[] tracks) : IMediaOpener
    {
        public ValueTask<OpenedMedia> OpenAsync(SourceClip clip, CancellationToken cancellation) => new(clip.Path switch
        {
            "empty" => new OpenedMedia(MediaFailure.None, "", null, CaptionsFile.Empty, null),
            "cues" => new OpenedMedia(MediaFailure.None, "", null, Cues, null),
            _ => new OpenedMedia(MediaFailure.None, "", new MediaFile(tracks, 0, 0), null, new Zeros()),
        });

        static CaptionsFile Cues => new([new CaptionCue(1_000, 3_500, "", "", "one"), new CaptionCue(4_000, 12_250, "", "", "two\nlines")], "", 12_250);
    }

    sealed class Zeros : IByteSource
    {
        public long Length => long.MaxValue;

        public DateTimeOffset? LastModified => null;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            buffer.Span.Clear();
            return new(buffer.Length);
        }

        public ValueTask DisposeAsync() => default;
    }

    static MediaSetDescription Set(long[] durations, params ClipDescription[][] sequences) => new()
    {
        Durations = durations, Sequences = [.. sequences.Select(clips => new SequenceDescription { Clips = clips })],
    };

    static ValueTask<PackagedAnswer> AskAsync(MediaSetDescription set, VodRequest request, params SourceTrack[] tracks) =>
        new VodPackager(new Opener(tracks), PackagingOptions.Default).AnswerAsync(new VodJob(set, request, Place, 0), default);

    static async Task<byte[]> BytesAsync(MediaSetDescription set, VodRequest request, params SourceTrack[] tracks)
    {
        var answer = await AskAsync(set, request, tracks);
        Assert.Equal("", answer.Reason);
        await using var body = answer.Body!;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await body.WriteAsync(pipe.Writer, 0, body.Length, default);
        await pipe.Writer.CompleteAsync();
        return System.Buffers.BuffersExtensions.ToArray((await pipe.Reader.ReadAtLeastAsync((int)body.Length)).Buffer);
    }

    static async Task<string> TextAsync(MediaSetDescription set, VodRequest request, params SourceTrack[] tracks) =>
        Encoding.UTF8.GetString(await BytesAsync(set, request, tracks));

    static SourceClip File(string path) => new() { Path = path };

    static VodRequest Segment(VodRequestKind kind, int number) => new() { Kind = kind, SegmentIndex = number };

    [Theory]
    [InlineData(0, true, true)]
    [InlineData(1, false, true)]   // a cue that spans two segments is in both
    public async Task A_segment_of_captions_has_the_cues_that_are_shown_in_it(int segment, bool one, bool two)
    {
        var text = await TextAsync(Set([30_000], [File("cues")]), Segment(VodRequestKind.HlsCaptionsSegment, segment));
        Assert.StartsWith("WEBVTT\r\nX-TIMESTAMP-MAP=MPEGTS:9090,LOCAL:00:00:00.000\r\n", text, StringComparison.Ordinal);
        Assert.Equal(one, text.Contains("00:00:01.000 --> 00:00:03.500\none", StringComparison.Ordinal));
        Assert.Equal(two, text.Contains("00:00:04.000 --> 00:00:12.250\ntwo\nlines", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Captions_of_a_second_clip_are_shown_when_it_plays()
    {
        var text = await TextAsync(Set([5_000, 30_000], [File("cues"), File("cues")]), Segment(VodRequestKind.HlsCaptionsSegment, 1));
        Assert.Contains("00:00:06.000 --> 00:00:08.500\none", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Times_of_live_captions_are_those_that_33_bits_of_PTS_count()
    {
        const long Now = 1_700_000_061_000;
        var live = Set([60_000], [File("cues")]) with
        {
            PlaylistType = PlaylistType.Live, Discontinuity = false, SegmentBaseTime = 1_700_000_000_000, FirstClipTime = 1_700_000_060_000,
        };
        var answer = await new VodPackager(new Opener([]), PackagingOptions.Default)
            .AnswerAsync(new VodJob(live, Segment(VodRequestKind.HlsCaptionsSegment, 6), Place, Now), default);
        var text = Encoding.UTF8.GetString(((MemoryBody)answer.Body!).Bytes.Span);
        Assert.Contains("X-TIMESTAMP-MAP=MPEGTS:0,", text, StringComparison.Ordinal);
        Assert.Contains("14:26:45.244 --> 14:26:47.744", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Smooth_Streaming_has_no_gaps_between_the_clips_of_a_finished_set()
    {
        var set = Set([10_000, 10_000], [File("a.mp4"), File("b.mp4")]) with { ClipTimes = [0, 60_000] };
        var text = await TextAsync(set, new VodRequest { Kind = VodRequestKind.MssManifest }, EvenTrack.Video(20));
        Assert.Contains(" Duration=\"200000000\">", text, StringComparison.Ordinal);
        Assert.Contains("<c n=\"1\" d=\"100000000\"></c>\n  </StreamIndex>", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Captions_without_a_cue_have_a_segment_as_players_give_up_over_a_playlist_without()
    {
        var set = Set([], [File("a.mp4")], [File("empty")]);
        var text = await TextAsync(set, new VodRequest { Kind = VodRequestKind.HlsIndex, Sequences = 2 }, EvenTrack.Video(20));
        Assert.EndsWith("#EXTINF:10.000,\nhttp://host/vod/a/seg-1-f2.vtt\n#EXT-X-ENDLIST\n", text, StringComparison.Ordinal);
        Assert.Equal("WEBVTT", (await TextAsync(set, Segment(VodRequestKind.HlsCaptionsSegment, 0) with { Sequences = 2 }, EvenTrack.Video(20)))[..6]);
        Assert.DoesNotContain("text", await TextAsync(set, new VodRequest { Kind = VodRequestKind.MssManifest }, EvenTrack.Video(20)), StringComparison.Ordinal);   // nor a stream of none in Smooth Streaming
    }

    [Fact]
    public async Task Timed_text_of_a_period_counts_from_its_start()
    {
        var bytes = await BytesAsync(Set([30_000, 30_000], [File("empty"), File("cues")]), Segment(VodRequestKind.DashCaptionsFragment, 3));
        var text = Encoding.Latin1.GetString(bytes);
        Assert.Contains("<p begin=\"00:00:01.000\" end=\"00:00:03.500\">one", text, StringComparison.Ordinal);
        var tfdt = text.IndexOf("tfdt", StringComparison.Ordinal);
        Assert.Equal(0u, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(tfdt + 8)));
        var trun = text.IndexOf("trun", StringComparison.Ordinal);
        Assert.Equal(900_000u, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(trun + 16)));
        var size = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(trun + 20));
        Assert.EndsWith("</tt>\n", text[^size..], StringComparison.Ordinal);
        Assert.StartsWith("<?xml", text[^size..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silence_is_as_long_as_its_clip()
    {
        var set = Set([20_000], [new SilenceClip()]);
        var bytes = await BytesAsync(set, new VodRequest { Kind = VodRequestKind.DashFragment, SegmentIndex = 0, Version = 3 });
        var trun = Encoding.Latin1.GetString(bytes).IndexOf("trun", StringComparison.Ordinal);
        Assert.Equal(431, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(trun + 8)));
        Assert.Equal("210049900219002380", Convert.ToHexStringLower(bytes.AsSpan(^9..)));
        var playlist = await TextAsync(set, new VodRequest { Kind = VodRequestKind.HlsIndex });
        Assert.Equal(2, playlist.Split("#EXTINF:10.000").Length - 1);
    }

    [Fact]
    public async Task Files_one_after_another_are_told_of_as_one()
    {
        var concat = new ConcatClip { Durations = [15_000, 15_000], Paths = ["a.mp4", "b.mp4"] };
        var set = Set([30_000], [concat]);
        SourceTrack[] tracks = [EvenTrack.Video(20), EvenTrack.Audio(939)];
        var master = await TextAsync(set, new VodRequest { Kind = VodRequestKind.HlsMaster }, tracks);
        Assert.Equal(1, master.Split("index-v1-a1.m3u8").Length - 1);
        Assert.Contains("seg-3-v1-a1.ts", await TextAsync(set, new VodRequest { Kind = VodRequestKind.HlsIndex }, tracks), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_is_encrypted_is_not_sent_as_if_it_were_not()
    {
        var track = EvenTrack.Encrypted(EvenTrack.Audio(939));
        var answer = await AskAsync(Set([], [File("a.mp4")]), Segment(VodRequestKind.HlsTsSegment, 0), track);
        Assert.Equal(MediaFailure.BadRequest, answer.Failure);
        var keyed = Set([], [new SourceClip { Path = "a.mp4", EncryptionKey = new byte[16] }]);
        Assert.Equal(MediaFailure.NotImplemented, (await AskAsync(keyed, Segment(VodRequestKind.HlsTsSegment, 0), track)).Failure);
    }

    [Fact]
    public async Task Frames_that_cannot_be_found_are_bad_data_but_a_playlist_needs_none()
    {
        var track = EvenTrack.Damaged(EvenTrack.Audio(939));
        Assert.Equal(MediaFailure.BadData, (await AskAsync(Set([], [File("a.mp4")]), Segment(VodRequestKind.HlsTsSegment, 0), track)).Failure);
        Assert.Equal(MediaFailure.None, (await AskAsync(Set([], [File("a.mp4")]), new VodRequest { Kind = VodRequestKind.HlsIndex }, track)).Failure);
    }

    [Fact]
    public async Task Opus_in_DASH_is_WebM_that_can_be_read()
    {
        byte[] dOps = [0, 2, 0x01, 0x38, 0, 0, 0xBB, 0x80, 0, 0, 0];
        var track = EvenTrack.Opus(frames: 2_000, dOps);
        var set = Set([], [File("a.mp4")]);
        var init = await BytesAsync(set, new VodRequest { Kind = VodRequestKind.DashInit }, track);
        Assert.StartsWith("1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104", Convert.ToHexStringLower(init), StringComparison.Ordinal);
        byte[] head = [.. "OpusHead"u8, 1, 2, 0x38, 0x01, 0x80, 0xBB, 0, 0, 0, 0, 0];
        Assert.Contains(Convert.ToHexStringLower(head), Convert.ToHexStringLower(init), StringComparison.Ordinal);
        var fragment = await BytesAsync(set, Segment(VodRequestKind.DashFragment, 1), track);
        // A cluster at 10 s, a block of 4 + 300 bytes at once, that can be decoded alone.
        Assert.StartsWith("1f43b675", Convert.ToHexStringLower(fragment), StringComparison.Ordinal);
        Assert.Contains("e7822710" + "a34130" + "81000080", Convert.ToHexStringLower(fragment.AsSpan(0, 24)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task I_frames_of_a_live_set_are_refused()
    {
        var live = Set([60_000], [File("a.mp4")]) with { PlaylistType = PlaylistType.Live, SegmentBaseTime = 0, FirstClipTime = 0 };
        Assert.Equal(MediaFailure.BadRequest, (await AskAsync(live, new VodRequest { Kind = VodRequestKind.HlsIFrames }, EvenTrack.Video(60))).Failure);
    }

    [Fact]
    public async Task Continuous_timestamps_of_a_live_set_with_discontinuities_are_a_bad_mapping()
    {
        var live = Set([60_000], [File("a.mp4")]) with { PlaylistType = PlaylistType.Live, FirstClipTime = 0 };
        var options = PackagingOptions.Default with { Segmentation = new SegmentationOptions { ForceContinuousTimestamps = true } };
        var answer = await new VodPackager(new Opener([EvenTrack.Video(60)]), options)
            .AnswerAsync(new VodJob(live, new VodRequest { Kind = VodRequestKind.HlsIndex }, Place, 0), default);
        Assert.Equal(MediaFailure.BadMapping, answer.Failure);
    }

    [Theory]
    [InlineData("014D401FFFE10004674D401F010004680000FF", true)]
    [InlineData("014D401FFFE1FFFF674D401F010004680000FF", false)]   // a set that is longer than all there is
    [InlineData("004D401FFFE10004674D401F010004680000FF", false)]   // no version that there is
    [InlineData("014D401FFFE00000", true)]                          // sets in the pictures
    [InlineData("014D401F", false)]
    public void A_configuration_that_ends_too_early_is_noticed(string avcC, bool whole) =>
        Assert.Equal(whole, TsParameterSets.IsWhole(new TrackInfo { Id = 1, Timescale = 1, Codec = Codec.H264, DecoderConfig = Convert.FromHexString(avcC) }));

    [Fact]
    public async Task Smooth_Streaming_times_of_the_clock_do_not_overflow_and_leave_out_what_fragments_tell()
    {
        const long Start = 1_700_000_000_000;
        var live = Set([60_000], [File("a.mp4")]) with
        {
            PlaylistType = PlaylistType.Live, Discontinuity = false, SegmentBaseTime = Start, FirstClipTime = Start,
        };
        var answer = await new VodPackager(new Opener([EvenTrack.Video(60)]), PackagingOptions.Default)
            .AnswerAsync(new VodJob(live, new VodRequest { Kind = VodRequestKind.MssManifest }, Place, Start + 65_000), default);
        Assert.Contains("t=\"17000000100000000\"", Encoding.UTF8.GetString(((MemoryBody)answer.Body!).Bytes.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(VodRequestKind.HlsIndex, 5_000)]
    [InlineData(VodRequestKind.DashManifest, 5_000)]
    [InlineData(VodRequestKind.MssManifest, 5_000)]
    [InlineData(VodRequestKind.MssManifest, 25_000)]   // of two fragments both are told of by those before them
    public async Task A_live_set_without_a_segment_that_may_be_listed_is_not_there_yet(VodRequestKind kind, long age)
    {
        const long Start = 1_700_000_000_000;
        var live = Set([60_000], [File("a.mp4")]) with
        {
            PlaylistType = PlaylistType.Live, Discontinuity = false, SegmentBaseTime = Start, FirstClipTime = Start,
        };
        var answer = await new VodPackager(new Opener([EvenTrack.Video(60)]), PackagingOptions.Default)
            .AnswerAsync(new VodJob(live, new VodRequest { Kind = kind }, Place, Start + age), default);
        Assert.Equal(MediaFailure.BadMapping, answer.Failure);
    }
}
