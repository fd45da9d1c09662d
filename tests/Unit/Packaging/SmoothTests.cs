using System.Buffers.Binary;
using System.Text;
using System.Xml.Linq;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;
using Tributary.Media.Packaging.Smooth;

namespace Tributary.Unit.Packaging;

public sealed class SmoothTests : IDisposable
{
    // ISO/IEC 14496-15 §5.3.3.1: one SPS of four bytes, one PPS of two.
    static readonly TrackInfo Picture = SyntheticStream.Video with
    {
        DecoderConfig = new byte[] { 1, 100, 0, 31, 0xFF, 0xE1, 0, 4, 0x67, 100, 0, 31, 1, 0, 2, 0x68, 0xEE },
    };

    readonly SyntheticStream _stream = new();
    readonly LiveWindow _window = new(new LiveWindowOptions(), SyntheticStream.Muxers);

    public SmoothTests()
    {
        for (var msn = 0; msn < 6; msn++)
        {
            SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(msn, start90k: 900_000 + msn * 180_000L), picture: Picture));
        }
    }

    public void Dispose()
    {
        _window.Dispose();
        _stream.Dispose();
        Assert.Equal(0, _stream.Pool.SlabsInUse);
    }

    [Fact]
    public void The_manifest_lists_fragments_whose_next_two_are_there()
    {
        var root = Manifest();
        Assert.Equal(("TRUE", "10000000", "2"), ((string)root.Attribute("IsLive")!, (string)root.Attribute("TimeScale")!, (string)root.Attribute("LookaheadCount")!));
        var video = root.Elements("StreamIndex").Single(stream => (string)stream.Attribute("Type")! == "video");
        var run = Assert.Single(video.Elements("c"));   // 0 to 4 are complete; 3 and 4 are told of ahead
        Assert.Equal(("100000000", "20000000", "3"), ((string)run.Attribute("t")!, (string)run.Attribute("d")!, (string)run.Attribute("r")!));
        var quality = video.Element("QualityLevel")!;
        Assert.Equal(("H264", "00000001676400" + "1F" + "0000000168EE"), ((string)quality.Attribute("FourCC")!, (string)quality.Attribute("CodecPrivateData")!));
        var audio = root.Elements("StreamIndex").Single(stream => (string)stream.Attribute("Type")! == "audio");
        Assert.Equal(("AACL", "1190"), ((string)audio.Element("QualityLevel")!.Attribute("FourCC")!, (string)audio.Element("QualityLevel")!.Attribute("CodecPrivateData")!));
        var chunks = audio.Elements("c").ToArray();
        Assert.Equal(3, chunks.Sum(chunk => (int?)chunk.Attribute("r") ?? 1));
    }

    [Fact]
    public void A_fragment_says_its_place_and_that_of_the_next_two_and_has_the_frames_of_the_segment()
    {
        var view = _window.View;
        Assert.Equal(SegmentLookup.Found, SmoothFragment.TryOpen(view, view.Find(TrackKind.Video, 1)!, 120_000_000, out var body, out _));
        using (body)
        {
            var bytes = SyntheticStream.Read(body!);
            var moof = (int)BinaryPrimitives.ReadUInt32BigEndian(bytes);
            Assert.Equal("moof", Encoding.ASCII.GetString(bytes, 4, 4));
            Assert.Equal("mdat", Encoding.ASCII.GetString(bytes, moof + 4, 4));
            Assert.Equal(bytes.Length, moof + (int)BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(moof)));
            Assert.Equal(50 * 100, bytes.Length - moof - 8);

            var places = Convert.ToHexString(bytes.AsSpan(0, moof));
            Assert.Contains("6D1D9B0542D544E680E2141DAFF757B2" + "01000000" + Hex(120_000_000) + Hex(20_000_000), places, StringComparison.Ordinal);
            Assert.Contains(
                "D4807EF2CA3946958E5426CB9E46A79F" + "01000000" + "02" + Hex(140_000_000) + Hex(20_000_000) + Hex(160_000_000) + Hex(20_000_000),
                places, StringComparison.Ordinal);
            var run = bytes.AsSpan().IndexOf("trun"u8) + 8;
            Assert.Equal((50, moof + 8), (BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(run)), BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(run + 4))));
            Assert.Equal(400_000, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(run + 8)));   // 40 ms
        }
    }

    [Fact]
    public void A_fragment_is_there_when_its_next_two_are_or_when_nothing_more_comes()
    {
        var track = _window.View.Find(TrackKind.Video, 1)!;
        Assert.Equal(SegmentLookup.NotYet, SmoothFragment.TryOpen(_window.View, track, 160_000_000, out _, out var wait));
        Assert.Equal(5, wait);
        Assert.Equal(SegmentLookup.Gone, SmoothFragment.TryOpen(_window.View, track, 120_000_001, out _, out _));
        _window.Pause(WindowPause.OffAir);
        Assert.Equal(SegmentLookup.Found, SmoothFragment.TryOpen(_window.View, track, 200_000_000, out var last, out _));
        last!.Dispose();
        Assert.Equal("FALSE", (string)Manifest().Attribute("IsLive")!);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(450)]      // 5 ms, as where sound went on a little longer than pictures
    [InlineData(90_000)]
    public void What_was_listed_while_nothing_came_keeps_its_length_wherever_the_next_source_begins(int after90k)
    {
        _window.Pause(WindowPause.SourceLost);
        var before = SmoothRules.Check(Text());
        for (var msn = 6; msn < 10; msn++)
        {
            var mark = _stream.Mark(msn, discontinuities: 1, starts: msn == 6, epoch: 2, start90k: 900_000 + msn * 180_000L + after90k);
            SyntheticStream.Send(_window, _stream.Segment(mark, picture: Picture));
            var now = SmoothRules.Check(Text());
            SmoothRules.CheckUpdate(before, now);
            before = now;
        }
    }

    [Fact]
    public void It_keeps_its_length_and_is_there_too_where_another_source_goes_on_without_a_discontinuity()
    {
        var manifests = new SmoothManifests(TimeSpan.FromSeconds(30));
        _window.Pause(WindowPause.SourceLost);
        var before = SmoothRules.Check(manifests.Manifest(_window.View)!.Plain.Span);
        for (var msn = 6; msn < 30; msn++)
        {
            SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(msn, epoch: 2, start90k: 900_000 + msn * 180_000L), picture: Picture));
            var now = SmoothRules.Check(manifests.Manifest(_window.View)!.Plain.Span);
            SmoothRules.CheckUpdate(before, now);
            Assert.Equal(SegmentLookup.Found, SmoothFragment.TryOpen(_window.View, _window.View.Find(TrackKind.Video, 1)!, now[0].Time, out var body, out _));
            body!.Dispose();
            before = now;
        }
    }

    [Theory]
    [InlineData("QualityLevels(601001)/Fragments(video=200000000)", true, 1, 200_000_000)]
    [InlineData("QualityLevels(97021)/Fragments(audio21=0)", false, 21, 0)]
    public void A_request_names_the_track_in_its_bitrate(string path, bool isVideo, int track, long time)
    {
        Assert.True(SmoothRequest.TryParse(path, out var request));
        Assert.Equal(new SmoothRequest(isVideo, track, time), request);
    }

    [Theory]
    [InlineData("QualityLevels(601000)/Fragments(video=1)")]      // no track
    [InlineData("QualityLevels(601001)/Fragments(audio2=1)")]     // another track
    [InlineData("QualityLevels(601001)/Fragments(video=-1)")]
    [InlineData("QualityLevels(601001)/Fragments(video=1)/x")]
    [InlineData("QualityLevels(99999999999999999999)/Fragments(video=1)")]
    [InlineData("QualityLevels()/Fragments(video=1)")]
    [InlineData("")]
    public void What_is_no_request_is_refused(string path) => Assert.False(SmoothRequest.TryParse(path, out _));

    ReadOnlySpan<byte> Text() => SmoothManifest.Render(_window.View, TimeSpan.FromSeconds(30))!.Plain.Span;

    XElement Manifest() => XDocument.Parse(Encoding.UTF8.GetString(Text())).Root!;

    static string Hex(long value) => value.ToString("X16", null);
}
