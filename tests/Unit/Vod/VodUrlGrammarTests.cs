using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sets;

namespace Tributary.Unit.Vod;

public sealed class VodUrlGrammarTests
{
    static VodUrl Parse(string path, VodPackaging packaging = VodPackaging.Hls, PackagingOptions? options = null)
    {
        Assert.True(VodUrlGrammar.TryParse(path, packaging, options ?? PackagingOptions.Default, out var url, out var reason), $"{path}: {reason}");
        return url;
    }

    [Theory]
    [InlineData(VodPackaging.Hls, "/a.mp4/master.m3u8", VodRequestKind.HlsMaster, null)]
    [InlineData(VodPackaging.Hls, "/d/a.mp4/index-v1-a1.m3u8", VodRequestKind.HlsIndex, null)]
    [InlineData(VodPackaging.Hls, "/a.mp4/iframes.m3u8", VodRequestKind.HlsIFrames, null)]
    [InlineData(VodPackaging.Hls, "/a.mp4/seg-3-v1-a1.ts", VodRequestKind.HlsTsSegment, 2)]
    [InlineData(VodPackaging.Hls, "/a.mp4/seg-1-i2-v1-a1.ts", VodRequestKind.HlsTsSegment, 2)]
    [InlineData(VodPackaging.Hls, "/a.mp4/seg-1.m4s", VodRequestKind.HlsFmp4Segment, 0)]
    [InlineData(VodPackaging.Hls, "/a.mp4/seg-7-f4.vtt", VodRequestKind.HlsCaptionsSegment, 6)]
    [InlineData(VodPackaging.Hls, "/a.mp4/init-c172-v1-a1.mp4", VodRequestKind.HlsInit, null)]
    [InlineData(VodPackaging.Dash, "/a.mp4/manifest.mpd", VodRequestKind.DashManifest, null)]
    [InlineData(VodPackaging.Dash, "/a.mp4/init-c1-f2-a1-x3.mp4", VodRequestKind.DashInit, null)]
    [InlineData(VodPackaging.Dash, "/a.mp4/fragment-9-f2-v1-x3.m4s", VodRequestKind.DashFragment, 8)]
    [InlineData(VodPackaging.Dash, "/a.mp4/fragment-9-v1-x3.webm", VodRequestKind.DashFragment, 8)]
    [InlineData(VodPackaging.Dash, "/a.mp4/sub-c2-f2.vtt", VodRequestKind.DashCaptions, null)]
    [InlineData(VodPackaging.Dash, "/a.mp4/fragment-6-f2.ttml", VodRequestKind.DashCaptionsFragment, 5)]
    [InlineData(VodPackaging.Mss, "/a.mp4/manifest", VodRequestKind.MssManifest, null)]
    [InlineData(VodPackaging.Hds, "/a.mp4/manifest-a1.f4m", VodRequestKind.HdsManifest, null)]
    [InlineData(VodPackaging.Hds, "/a.mp4/bootstrap-v1-a1.abst", VodRequestKind.HdsBootstrap, null)]
    [InlineData(VodPackaging.Hds, "/a.mp4/frag-f1-v1-a1-Seg1-Frag5", VodRequestKind.HdsFragment, 4)]
    [InlineData(VodPackaging.None, "/d/a.mp4", VodRequestKind.Progressive, null)]
    [InlineData(VodPackaging.Thumb, "/a.mp4/thumb-1000-w150-h100.jpg", VodRequestKind.Thumbnail, null)]
    [InlineData(VodPackaging.VolumeMap, "/a.mp4/volume_map-a2.csv", VodRequestKind.VolumeMap, null)]
    public void File_names_say_what_is_asked_for(VodPackaging packaging, string path, VodRequestKind kind, int? segment)
    {
        var request = Parse(path, packaging).Request;

        Assert.Equal(kind, request.Kind);
        Assert.Equal(segment, request.SegmentIndex);
    }

    [Theory]
    [InlineData(VodPackaging.Hls, "/a.mp4/seg-0-v1-a1.ts")]
    [InlineData(VodPackaging.Hls, "/a.mp4/seg.ts")]
    [InlineData(VodPackaging.Hls, "/a.mp4/seg-x.ts")]
    [InlineData(VodPackaging.Hls, "/a.mp4/seg-1-v1-a1.aac")]
    [InlineData(VodPackaging.Hls, "/a.mp4/foo.bar")]
    [InlineData(VodPackaging.Hls, "/a.mp4/")]
    [InlineData(VodPackaging.Hls, "/")]
    [InlineData(VodPackaging.Hls, "")]
    [InlineData(VodPackaging.Hls, "/a.mp4/master-lzz.m3u8")]
    [InlineData(VodPackaging.Hls, "/a.mp4/master-qqq.m3u8")]
    [InlineData(VodPackaging.Hls, "/a.mp4/master-v65.m3u8")]
    [InlineData(VodPackaging.Hls, "/a.mp4/encryption.key")]
    [InlineData(VodPackaging.Hls, "/clipFrom/20000/clipTo/10000/a.mp4/index.m3u8")]
    [InlineData(VodPackaging.Hls, "/clipFrom/abc/a.mp4/index.m3u8")]
    [InlineData(VodPackaging.Hls, "/clipFrom/-5/a.mp4/index.m3u8")]
    [InlineData(VodPackaging.Hls, "/clipTo/0/a.mp4/index.m3u8")]
    [InlineData(VodPackaging.Hls, "/tracks/x9/a.mp4/index.m3u8")]
    [InlineData(VodPackaging.Hls, "/shift/q9/a.mp4/index.m3u8")]
    [InlineData(VodPackaging.Hls, "/shift/v-100/a.mp4/index.m3u8")]
    [InlineData(VodPackaging.Hls, "/lang/xx/a.mp4/index.m3u8")]
    [InlineData(VodPackaging.Hls, "/lang/zzz/a.mp4/index.m3u8")]
    [InlineData(VodPackaging.Hls, "/speed/5/a.mp4/index.m3u8")]
    [InlineData(VodPackaging.Mss, "/a.mp4/QualityLevels(1/Fragments(video=0)")]
    [InlineData(VodPackaging.Mss, "/a.mp4/QualityLevels(1)/Fragments(smell=0)")]
    [InlineData(VodPackaging.Hds, "/a.mp4/frag-v1-a1-Seg1-Frag0")]
    [InlineData(VodPackaging.Hds, "/a.mp4/frag-v1-a1-Seg9")]
    [InlineData(VodPackaging.Thumb, "/a.mp4/thumb-abc.jpg")]
    [InlineData(VodPackaging.Thumb, "/a.mp4/thumb.jpg")]
    [InlineData(VodPackaging.Thumb, "/a.mp4/thumb-1000-wx.jpg")]
    [InlineData(VodPackaging.Thumb, "/a.mp4/thumb-5000-w0-h0.jpg")]
    [InlineData(VodPackaging.VolumeMap, "/a.mp4/volume_map.txt")]
    [InlineData(VodPackaging.Dash, "/a.mp4/fragment-9--v1.m4s")]
    public void What_makes_no_sense_is_told_in_a_sentence(VodPackaging packaging, string path)
    {
        Assert.False(VodUrlGrammar.TryParse(path, packaging, PackagingOptions.Default, out _, out var reason));
        Assert.EndsWith(".", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Tracks_belong_to_the_sequences_before_them()
    {
        var request = Parse("/a.mp4/index-f1-f2-v1-f3-a1-a2.m3u8").Request;

        Assert.Null(request.Tracks);
        Assert.Equal(0b111ul, request.Sequences);
        Assert.Equal(new TrackSelection(1, 0), request.SequenceTracks[0]);
        Assert.Equal(new TrackSelection(1, 0), request.SequenceTracks[1]);
        Assert.Equal(new TrackSelection(0, 0b11), request.SequenceTracks[2]);
    }

    [Fact]
    public void Sequences_may_be_named_by_their_ids()
    {
        var request = Parse("/a.mp4/seg-1-shi-v1-slo-a1.ts").Request;

        Assert.Equal(["hi", "lo"], request.SequenceIds);
        Assert.Equal(new TrackSelection(1, 0), request.SequenceIdTracks["hi"]);
        Assert.Equal(new TrackSelection(0, 1), request.SequenceIdTracks["lo"]);
    }

    [Fact]
    public void Track_zero_is_all_of_a_kind() => Assert.Equal(new TrackSelection(0, ulong.MaxValue), Parse("/a.mp4/master-a0.m3u8").Request.Tracks);

    [Fact]
    public void A_multi_url_names_several_sources()
    {
        var url = Parse("/clipTo/20000/av_,hi,lo,.mp4.urlset/master-f1.m3u8");

        Assert.True(url.IsMulti);
        Assert.Equal(["/av_hi.mp4", "/av_lo.mp4"], url.Sources.Select(source => source.Path));
        Assert.All(url.Sources, source => Assert.Equal(20_000, source.ClipTo));
    }

    [Fact]
    public void A_name_that_ends_like_a_multi_url_but_has_no_list_is_a_name() =>
        Assert.Equal("/av_lo.mp4.urlset", Assert.Single(Parse("/av_lo.mp4.urlset/master.m3u8").Sources).Path);

    [Fact]
    public void More_sources_than_may_be_are_refused() =>
        Assert.False(VodUrlGrammar.TryParse($"/a{string.Concat(Enumerable.Repeat(",b", 33))},c.urlset/master.m3u8", VodPackaging.Hls, PackagingOptions.Default, out _, out _));

    [Fact]
    public void Path_parameters_may_stand_before_and_after_the_file()
    {
        var source = Assert.Single(Parse("/shift/v100-a250-s5/a.mp4/clipFrom/5000/tracks/v1-a2/lang/fra/index.m3u8").Sources);

        Assert.Equal("/a.mp4", source.Path);
        Assert.Equal(5_000, source.ClipFrom);
        Assert.Equal(new TimeShift(100, 250, 5), source.Shift);
        Assert.Equal(new TrackSelection(1, 2), source.Tracks);
        Assert.Equal("fra", source.Language);
    }

    [Fact]
    public void A_fragment_of_smooth_streaming_is_named_by_bit_rate_and_time()
    {
        var url = Parse("/d/a.mp4/QualityLevels(401408)/Fragments(audio=100000000)", VodPackaging.Mss);

        Assert.Equal("/d/a.mp4", url.Sources[0].Path);
        Assert.Equal((401_408L, 100_000_000L, MssStream.Audio), (url.Request.Bitrate, url.Request.SegmentTime, url.Request.MssStream));
    }

    [Fact]
    public void Names_are_configurable()
    {
        var options = PackagingOptions.Default with
        {
            Hls = new() { MasterFileNamePrefix = "play", SegmentFileNamePrefix = "chunk" },
            Urls = new() { MultiUriSuffix = ".set", ClipToName = "to" },
        };

        Assert.Equal(VodRequestKind.HlsMaster, Parse("/to/9000/a,1,2,.mp4.set/play.m3u8", options: options).Request.Kind);
        Assert.False(VodUrlGrammar.TryParse("/a.mp4/master.m3u8", VodPackaging.Hls, options, out _, out _));
    }

    [Fact]
    public void A_thumbnails_offset_may_count_from_the_end() =>
        Assert.Equal(new ThumbnailRequest(-1_000, 64, 0), Parse("/a.mp4/thumb--1000-w64.jpg", VodPackaging.Thumb).Request.Thumbnail);
}
