using System.Text;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Unit.Vod;

public sealed class MappingJsonTests
{
    const string Clip = """{"type":"source","path":"/a.mp4"}""";

    static (MediaSetDescription? Set, MediaFailure Failure, string Reason) Read(string json, string overriding = "")
    {
        _ = MappingJson.TryReadSet(Encoding.UTF8.GetBytes(json), overriding, out var set, out var failure, out var reason);
        return (set, failure, reason);
    }

    [Fact]
    public void A_live_set_is_read_whole()
    {
        var set = Read("""
            {"id":"set1","playlistType":"live","discontinuity":false,"segmentBaseTime":1699999400000,"firstClipTime":1700000000000,"durations":[60000,60000],
             "timeOffset":-5,"liveWindowDuration":20000,"presentationEndTime":1700000120000,"notifications":[{"offset":5000,"id":"n5"}],
             "closedCaptions":[{"id":"CC1","label":"English","language":"eng"}],
             "sequences":[{"id":"hi","language":"ita","label":"L","default":true,"bitrate":{"v":900000,"a":64000},"avg_bitrate":{"v":800000},
               "clips":[{"type":"source","path":"/a.mp4","tracks":"v1-a2","clipFrom":10,"sourceType":"http","keyFrameDurations":[2000,2000],"firstKeyFrameOffset":500},
                        {"type":"concat","durations":[1,2],"paths":["x","y"],"basePath":"/b/","offset":7}]}]}
            """).Set;

        Assert.NotNull(set);
        Assert.Equal((PlaylistType.Live, false, -5L, 20_000L), (set.PlaylistType, set.Discontinuity, set.TimeOffsetSeconds, set.LiveWindowDuration!.Value));
        Assert.Equal(new NotificationDescription("n5", 5_000), Assert.Single(set.Notifications));
        Assert.Equal(new ClosedCaptionsDescription("CC1", "English", "eng", null), Assert.Single(set.ClosedCaptions!));
        var sequence = Assert.Single(set.Sequences);
        Assert.Equal(("hi", "ita", "L", true), (sequence.Id, sequence.Language, sequence.Label, sequence.Default!.Value));
        Assert.Equal((900_000, 64_000), sequence.Bitrate);
        Assert.Equal((800_000, 0), sequence.AverageBitrate);
        var source = Assert.IsType<SourceClip>(sequence.Clips[0]);
        Assert.Equal(("/a.mp4", 10L, SourceAccess.Http, 500L), (source.Path, source.ClipFrom, source.Access, source.FirstKeyFrameOffset));
        Assert.Equal(new TrackSelection(1, 2), source.Tracks);
        Assert.Equal([2_000L, 2_000], source.KeyFrameDurations);
        var concat = Assert.IsType<ConcatClip>(sequence.Clips[1]);
        Assert.Equal(("/b/", 7L), (concat.BasePath, concat.Offset));
    }

    [Fact]
    public void Filters_nest()
    {
        var set = Read("""
            {"sequences":[{"clips":[{"type":"mixFilter","sources":[
              {"type":"rateFilter","rate":1.5,"source":{"type":"source","path":"/a"}},
              {"type":"gainFilter","gain":0.5,"source":{"type":"source","path":"/b","tracks":"a1"}}]}]}]}
            """).Set;

        var mix = Assert.IsType<MixFilterClip>(set!.Sequences[0].Clips[0]);
        Assert.Equal(1.5m, Assert.IsType<RateFilterClip>(mix.Sources[0]).Rate);
        Assert.Equal(0.5m, Assert.IsType<GainFilterClip>(mix.Sources[1]).Gain);
    }

    [Theory]
    [InlineData("""{"sequences":[{"clips":[""")]
    [InlineData("{}")]
    [InlineData("""{"sequences":[]}""")]
    [InlineData("""{"sequences":[{}]}""")]
    [InlineData("""{"sequences":[{"clips":[{"type":"source"}]}]}""")]
    [InlineData("/some/plain/path.mp4")]
    [InlineData("[1,2,3]")]
    [InlineData($$"""{"sequences":[{"clips":[{{Clip}}]}],"durations":[1000,2000]}""")]
    [InlineData($$"""{"sequences":[{"clips":[{{Clip}},{{Clip}}]}]}""")]
    [InlineData($$"""{"sequences":[{"clips":[{{Clip}},{{Clip}}]},{"clips":[{{Clip}}]}],"durations":[1000,1000]}""")]
    [InlineData($$"""{"sequences":[{"clips":[{{Clip}}]}],"durations":[-5]}""")]
    [InlineData($$"""{"sequences":[{"clips":[{{Clip}}]}]} trailing""")]
    [InlineData($$"""{"sequences":[{"clips":[{{Clip}}]}],"playlistType":"weird"}""")]
    [InlineData($$"""{"sequences":[{"clips":[{{Clip}}]}],"playlistType":"live","segmentBaseTime":1,"durations":[60000]}""")]
    [InlineData($$"""{"sequences":[{"clips":[{{Clip}}]}],"playlistType":"live","discontinuity":false,"firstClipTime":1,"durations":[60000]}""")]
    [InlineData($$"""{"sequences":[{"clips":[{{Clip}},{{Clip}}]}],"playlistType":"live","clipTimes":[0,1000],"durations":[20000,20000]}""")]
    [InlineData("""{"sequences":[{"clips":[{"type":"source","path":"/a","tracks":"q1"}]}]}""")]
    [InlineData("""{"sequences":[{"clips":[{"type":"source","path":"\ud800"}]}]}""")]
    [InlineData("""{"sequences":[{"clips":[{"type":"rateFilter","rate":3,"source":{"type":"source","path":"/a"}}]}]}""")]
    public void What_makes_no_sense_is_a_bad_mapping(string json)
    {
        var (set, failure, reason) = Read(json);

        Assert.Null(set);
        Assert.Equal(MediaFailure.BadMapping, failure);
        Assert.EndsWith(".", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"sequences":[{"clips":[{"path":"/a"}]}]}""")]
    [InlineData("""{"sequences":[{"clips":[{"type":"wibble","path":"x"}]}]}""")]
    public void A_clip_without_a_known_type_is_a_bad_request(string json) => Assert.Equal(MediaFailure.BadRequest, Read(json).Failure);

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n")]
    public void Nothing_is_an_empty_mapping(string json) => Assert.Equal(MediaFailure.EmptyMapping, Read(json).Failure);

    [Fact]
    public void More_sequences_or_clips_than_may_be_are_refused()
    {
        var sequences = string.Join(',', Enumerable.Repeat($$"""{"clips":[{{Clip}}]}""", 33));
        Assert.Equal(MediaFailure.BadMapping, Read($$"""{"sequences":[{{sequences}}]}""").Failure);

        var clips = string.Join(',', Enumerable.Repeat(Clip, 129));
        var durations = string.Join(',', Enumerable.Repeat("1", 129));
        Assert.Equal(MediaFailure.BadMapping, Read($$"""{"durations":[{{durations}}],"sequences":[{"clips":[{{clips}}]}]}""").Failure);
    }

    [Fact]
    public void An_override_replaces_what_it_names_and_nothing_else()
    {
        var set = Read(
            $$"""{"clipFrom":5000,"sequences":[{"id":"one","clips":[{{Clip}}]}]}""",
            """{"clipTo":20000,"sequences":[{"clips":[{"path":"/b.mp4"}]}]}""").Set;

        Assert.Equal((5_000L, 20_000L), (set!.ClipFrom, set.ClipTo!.Value));
        Assert.Equal("one", set.Sequences[0].Id);
        Assert.Equal("/b.mp4", Assert.IsType<SourceClip>(set.Sequences[0].Clips[0]).Path);
    }

    [Fact]
    public void A_clip_is_read_alone()
    {
        Assert.True(MappingJson.TryReadClip("""{"type":"concat","durations":[10000],"clipIds":["c9"]}"""u8.ToArray(), out var clip, out _, out _));
        Assert.Equal(["c9"], Assert.IsType<ConcatClip>(clip).ClipIds);
    }
}
