using System.Buffers.Binary;
using System.Text;
using Tributary.Media.Frames;
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

    static SegmentBody Body(LiveWindow window, TrackKind kind, long msn)
    {
        Assert.Equal(SegmentLookup.Found, window.View.TryOpenCmaf(window.View.Find(kind, 1)!, msn, out var body));
        return body!;
    }
}
