using System.Buffers.Binary;
using System.Text;
using Tributary.Grains.KLive;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Dash;
using Tributary.Media.Packaging.Live;

namespace Tributary.Unit.Packaging;

/// <summary>Timed metadata at the start of each segment, by the wall clock of the segment.</summary>
public sealed class SyncPointsTests : IDisposable
{
    readonly SyntheticStream _stream = new();

    public void Dispose() => _stream.Dispose();

    string Point(long msn) => $$"""{"objectType":"KalturaSyncPoint","timestamp":{{_stream.Mark(msn).ProgramDateTime.ToUnixTimeMilliseconds()}},"id":"0_abcdefgh_1_{{msn}}"}""";

    [Fact]
    public void The_tag_is_ID3_with_one_text()
    {
        var tag = SyncPoints.In(SyntheticStream.Muxers, "0_abcdefgh", 1).SyncPoint!(_stream.Mark(7));
        var text = Point(7);
        Assert.Equal("494433040000", Convert.ToHexString(tag[..6]));
        Assert.Equal(tag.Length - 10, (tag[8] << 7) | tag[9]);
        Assert.Equal("TEXT", Encoding.ASCII.GetString(tag, 10, 4));
        Assert.Equal(3, tag[20]);
        Assert.Equal(text, Encoding.UTF8.GetString(tag, 21, tag.Length - 21));
    }

    [Theory]
    [InlineData(SyncPointStreams.Off, "0_abcdefgh", null)]
    [InlineData(SyncPointStreams.Entries, "0_abcdefgh", "0_abcdefgh_1_7")]
    [InlineData(SyncPointStreams.Entries, "0_abcdefgh/2", "0_abcdefgh_2_7")]
    [InlineData(SyncPointStreams.Entries, "studio", null)]
    [InlineData(SyncPointStreams.All, "studio", "studio_1_7")]
    public void Only_the_streams_that_are_configured_have_it(SyncPointStreams streams, string stream, string? id)
    {
        var tag = new SyncPointRule(streams).In(SyntheticStream.Muxers, stream).SyncPoint?.Invoke(_stream.Mark(7));
        Assert.Equal(id is not null, tag is not null);
        Assert.EndsWith(id is null ? "" : $"\"id\":\"{id}\"}}", Encoding.UTF8.GetString(tag ?? []), StringComparison.Ordinal);
    }

    [Fact]
    public void Fragmented_MP4_has_it_before_the_first_chunk_of_each_segments_picture()
    {
        using var window = new LiveWindow(new LiveWindowOptions(), SyncPoints.In(SyntheticStream.Muxers, "0_abcdefgh", 1));
        for (var msn = 0; msn < 4; msn++)
        {
            SyntheticStream.Send(window, _stream.Segment(_stream.Mark(msn)));
        }

        for (var msn = 0; msn < 3; msn++)
        {
            using var picture = Body(window, TrackKind.Video, msn);
            var bytes = SyntheticStream.Read(picture);
            var size = BinaryPrimitives.ReadInt32BigEndian(bytes);
            var box = Encoding.ASCII.GetString(bytes, 0, size);
            Assert.Equal("emsg", box[4..8]);
            Assert.Equal("01000000", Convert.ToHexString(bytes[8..12]));
            Assert.Equal(90_000, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(12)));
            Assert.Equal(_stream.Mark(msn).Start90k, BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(16)));
            Assert.Equal((uint.MaxValue, (uint)msn), (BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(24)), BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(28))));
            Assert.StartsWith("https://aomedia.org/emsg/ID3\0\0ID3", box[32..], StringComparison.Ordinal);
            Assert.EndsWith(Point(msn), box, StringComparison.Ordinal);
            Assert.Equal((byte)'[', bytes[size]);   // and then the chunk
            Assert.DoesNotContain("emsg", Encoding.ASCII.GetString(bytes, size, bytes.Length - size), StringComparison.Ordinal);

            using var sound = Body(window, TrackKind.Audio, msn);
            Assert.DoesNotContain("emsg", Encoding.ASCII.GetString(SyntheticStream.Read(sound)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void DASH_says_that_the_picture_has_it_where_it_does(bool has)
    {
        var muxers = has ? SyncPoints.In(SyntheticStream.Muxers, "0_abcdefgh", 1) : SyntheticStream.Muxers;
        using var window = new LiveWindow(new LiveWindowOptions(), muxers);
        for (var msn = 0; msn < 4; msn++)
        {
            SyntheticStream.Send(window, _stream.Segment(_stream.Mark(msn)));
        }

        var sets = Encoding.UTF8.GetString(new DashManifests().Manifest(window.View, false)!.Plain.Span).Split("<AdaptationSet")[1..];
        Assert.Equal(2, sets.Length);
        Assert.All(sets, set => Assert.Equal(has && set.Contains("contentType=\"video\"", StringComparison.Ordinal), set.Contains("<InbandEventStream schemeIdUri=\"https://aomedia.org/emsg/ID3\" value=\"\"/>\n", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_a_source_says_stands_before_the_chunk_of_its_frame_at_its_time()
    {
        using var window = new LiveWindow(new LiveWindowOptions(), SyncPoints.In(SyntheticStream.Muxers, "0_abcdefgh", 1));
        using var without = new LiveWindow(new LiveWindowOptions(), SyntheticStream.Muxers);
        foreach (var frame in new[] { 0, 1 }.SelectMany(msn => _stream.Segment(_stream.Mark(msn))))
        {
            MarkedFrame[] one = [frame.Segment.Msn == 0 && frame.Frame is { Dts90k: 40 * SyntheticStream.FrameTicks, Track.Kind: TrackKind.Video }
                ? frame with { Frame = frame.Frame with { Metadata = [new TimedMetadata(-90, "{\"a\":1}"), new TimedMetadata(90, "{\"a\":2}")] } } : frame];
            without.Append(one);
            SyntheticStream.Send(window, one);
        }

        using var picture = Body(window, TrackKind.Video, 0);
        var text = Encoding.ASCII.GetString(SyntheticStream.Read(picture));
        var (first, second) = (text.IndexOf("{\"a\":1}", StringComparison.Ordinal), text.IndexOf("{\"a\":2}", StringComparison.Ordinal));
        Assert.InRange(first, text.IndexOf("[25x0", StringComparison.Ordinal), second);   // behind the first chunk of a second, before the other
        Assert.True(second < text.IndexOf("[25x90000", StringComparison.Ordinal));
        foreach (var (at, pts) in new[] { (first, 40 * 3_600 - 90), (second, 40 * 3_600 + 90) })
        {
            var box = SyntheticStream.Read(Body(window, TrackKind.Video, 0)).AsSpan(text.LastIndexOf("emsg\u0001", at, StringComparison.Ordinal) + 4);
            Assert.Equal((90_000, (long)pts), (BinaryPrimitives.ReadInt32BigEndian(box[4..]), BinaryPrimitives.ReadInt64BigEndian(box[8..])));
            Assert.True(BinaryPrimitives.ReadUInt32BigEndian(box[20..]) > int.MaxValue, "its id is no segment's");
        }

        using var plain = Body(without, TrackKind.Video, 0);
        Assert.DoesNotContain("emsg", Encoding.ASCII.GetString(SyntheticStream.Read(plain)), StringComparison.Ordinal);
    }

    static SegmentBody Body(LiveWindow window, TrackKind kind, long msn)
    {
        Assert.Equal(SegmentLookup.Found, window.View.TryOpenCmaf(window.View.Find(kind, 1)!, msn, out var body));
        return body!;
    }
}
