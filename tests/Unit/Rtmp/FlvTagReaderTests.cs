using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Flv;

namespace Tributary.Unit.Rtmp;

public sealed class FlvTagReaderTests
{
    // Video File Format 10.1, annex E.3 and E.4: header, an audio tag at 0x01000002 ms, a video tag of no bytes, a script tag.
    const string File = "464C56 01 05 00000009 00000000  08 000002 000002 01 000000 AF00 0000000D  09 000000 000005 00 000000 0000000B  12 000001 000000 00 000000 05 0000000C";

    [Fact]
    public void Tags_are_read_whole_however_the_bytes_come()
    {
        var bytes = Wire.Hex(File);
        for (var split = 0; split <= bytes.Length; split++)
        {
            var pool = new FramePool { Poison = true };
            var arena = new FrameArena(pool);
            var reader = new FlvTagReader(arena);
            List<(byte, uint, string)> tags = [];
            var buffer = Wire.Pieces(bytes.AsMemory(0, split), 5);
            Read();
            buffer = Wire.Sequence([.. buffer.ToArray(), .. bytes[split..]]);
            Read();
            Assert.Equal([(FlvTag.Audio, 0x01000002u, "AF00"), (FlvTag.Video, 5u, ""), (FlvTag.Script, 0u, "05")], tags);
            Assert.True(buffer.IsEmpty);
            arena.Dispose();
            Assert.Equal(0, pool.SlabsInUse);

            void Read()
            {
                while (reader.TryRead(ref buffer, out var tag))
                {
                    tags.Add((tag.Type, tag.Timestamp, Convert.ToHexString(tag.Payload.Span)));
                    tag.Payload.Release();
                }
            }
        }
    }

    [Theory]
    [InlineData("524946 46 00 00000009 00000000")]                                          // no FLV
    [InlineData("464C56 01 05 7FFFFFFF 00000000")]                                          // a header of 2 GB
    [InlineData("464C56 01 05 00000009 00000000 08 FFFFFF 000000 00 000000 00")]            // a tag beyond the limit
    [InlineData("464C56 01 05 00000009 00000000 28 000001 000000 00 000000 00 0000000C")]   // encrypted
    public void What_is_no_flv_is_refused(string hex)
    {
        using var arena = new FrameArena(new FramePool());
        var reader = new FlvTagReader(arena);
        var buffer = Wire.Sequence(Wire.Hex(hex));
        Assert.False(reader.TryRead(ref buffer, out _));
        Assert.True(reader.Malformed);
    }
}
