using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Rtmp;

namespace Tributary.Unit.Rtmp;

public sealed class RtmpChunkTests : IDisposable
{
    readonly FramePool _pool = new() { Poison = true };
    readonly FrameArena _arena;
    readonly RtmpChunkReader _reader;

    public RtmpChunkTests()
    {
        _arena = new FrameArena(_pool);
        _reader = new RtmpChunkReader(_arena, RtmpLimits.Default);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _arena.Dispose();
        Assert.Equal(0, _pool.SlabsInUse);
    }

    [Fact]
    public void Reads_the_example_of_the_specification()
    {
        // RTMP 1.0 §5.3.2.1: four audio messages of 32 bytes at 1000, 1020, 1040, 1060 as chunk types 0, 2, 3, 3.
        var body = new string('0', 64);
        var bytes = Wire.Hex($"03 0003E8 000020 08 39300000 {body}  83 000014 {body}  C3 {body}  C3 {body}");
        var messages = ReadAll(bytes);
        Assert.Equal([1000u, 1020, 1040, 1060], messages.Select(m => m.Timestamp));
        Assert.All(messages, m => Assert.Equal((RtmpMessageType.Audio, 12_345u, 32), (m.Type, m.StreamId, m.Body.Length)));
    }

    [Fact]
    public void Reads_the_split_message_of_the_specification()
    {
        // RTMP 1.0 §5.3.2.2: one video message of 307 bytes as three chunks.
        var body = Wire.Numbered(307);
        byte[] bytes = [.. Wire.Hex("04 0003E8 000133 09 3A300000"), .. body[..128], 0xC4, .. body[128..256], 0xC4, .. body[256..]];
        var message = Assert.Single(ReadAll(bytes));
        Assert.Equal(body, message.Body);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(128)]
    [InlineData(65_536)]
    [InlineData(0xFFFFFF)]
    public void Every_chunk_size_gives_the_same_messages_however_the_bytes_are_split(int chunkSize)
    {
        var sent = new (int Chunks, RtmpMessageType Type, uint Timestamp, byte[] Body)[]
        {
            (3, RtmpMessageType.CommandAmf0, 0, Wire.Numbered(100)),
            (6, RtmpMessageType.Video, 40, Wire.Numbered(300)),
            (4, RtmpMessageType.Audio, 41, Wire.Numbered(10)),
            (6, RtmpMessageType.Video, 80, Wire.Numbered(300)),
            (6, RtmpMessageType.Video, 120, Wire.Numbered(300)),
            (70, RtmpMessageType.Audio, 0x1000000, Wire.Numbered(200)),
            (400, RtmpMessageType.Audio, 0xFFFFFFFF, []),
        };
        var bytes = Wire.Chunks(writer =>
        {
            writer.SetChunkSize(chunkSize);
            foreach (var (chunks, type, timestamp, body) in sent)
            {
                writer.Write(chunks, type, 1, timestamp, body.AsSpan(0, body.Length / 3), body.AsSpan(body.Length / 3));
            }
        });

        for (var split = 0; split <= bytes.Length; split++)
        {
            using var reader = new RtmpChunkReader(_arena, RtmpLimits.Default);
            var messages = ReadAll(bytes, reader, split);
            Assert.Equal(sent.Select(s => (s.Type, s.Timestamp)), messages.Select(m => (m.Type, m.Timestamp)));
            Assert.All(messages.Zip(sent), pair => Assert.Equal(pair.Second.Body, pair.First.Body));
        }
    }

    [Fact]
    public void Messages_interleave_over_chunk_streams()
    {
        byte[] bytes =
        [
            .. Wire.Hex("04 000000 0000C8 09 01000000"), .. Wire.Numbered(128),
            .. Wire.Hex("05 000000 000004 08 01000000 01020304"),
            0xC4, .. Wire.Numbered(200)[128..],
        ];
        var messages = ReadAll(bytes);
        Assert.Equal([RtmpMessageType.Audio, RtmpMessageType.Video], messages.Select(m => m.Type));
        Assert.Equal(Wire.Numbered(200), messages[1].Body);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Extended_timestamps_may_or_may_not_be_repeated_on_later_chunks(bool repeated)
    {
        var body = Wire.Numbered(300);
        byte[] extended = repeated ? Wire.Hex("01000000") : [];
        byte[] bytes =
        [
            .. Wire.Hex("04 FFFFFF 00012C 09 01000000 01000000"), .. body[..128],
            0xC4, .. extended, .. body[128..256],
            0xC4, .. extended, .. body[256..],
        ];
        for (var split = 0; split <= bytes.Length; split++)
        {
            using var reader = new RtmpChunkReader(_arena, RtmpLimits.Default);
            var message = Assert.Single(ReadAll(bytes, reader, split));
            Assert.Equal(0x01000000u, message.Timestamp);
            Assert.Equal(body, message.Body);
        }
    }

    [Fact]
    public void A_difference_can_be_extended_and_times_wrap_at_32_bits()
    {
        var bytes = Wire.Hex("04 FFFFFF 000001 08 01000000 FFFFFFF0 AA  84 000020 BB  84 FFFFFF 01000000 CC  C4 01000000 DD");
        Assert.Equal([0xFFFFFFF0, 0x10u, 0x01000010u, 0x02000010u], ReadAll(bytes).Select(m => m.Timestamp));
    }

    [Fact]
    public void A_repeated_header_after_an_absolute_time_adds_it_where_that_can_be_meant()
    {
        // §5.3.1.2.4 for 23 ms; a relay's "same time" for an hour.
        Assert.Equal([23u, 46u], ReadAll(Wire.Hex("04 000017 000001 08 01000000 AA  C4 BB")).Select(m => m.Timestamp));
        Assert.Equal([3_600_000u, 3_600_000u], ReadAll(Wire.Hex("05 36EE80 000001 08 01000000 AA  C5 BB")).Select(m => m.Timestamp));
    }

    [Theory]
    [InlineData("44 000014 000004 08", RtmpEnd.BadChunk)]                                                        // type 1 without a header before
    [InlineData("C4", RtmpEnd.BadChunk)]
    [InlineData("04 000000 0000C8 09 01000000 00  04 000000 000001 09 01000000", RtmpEnd.BadChunk, 127)]          // a header within a message
    [InlineData("04 000000 800001 09 01000000", RtmpEnd.MessageTooLarge)]
    public void Refuses_chunks_that_no_sender_may_write(string hex, RtmpEnd end, int filling = 0)
    {
        var bytes = Wire.Hex(hex);
        if (filling > 0)
        {
            bytes = [.. bytes[..13], .. new byte[filling], .. bytes[13..]];
        }

        Assert.Empty(ReadAll(bytes));
        Assert.Equal(end, _reader.End);
    }

    [Fact]
    public void An_aborted_message_is_forgotten()
    {
        var buffer = Wire.Sequence([.. Wire.Hex("04 000000 0000C8 09 01000000"), .. new byte[128]]);
        Assert.False(_reader.TryRead(ref buffer, out _));
        Assert.True(_reader.PendingBytes > 0);
        _reader.Abort(4);
        _reader.Abort(99);
        Assert.Equal(0, _reader.PendingBytes);
        Assert.Equal([0xAA], Assert.Single(ReadAll(Wire.Hex("04 000000 000001 09 01000000 AA"))).Body);
    }

    [Fact]
    public void A_header_that_lies_about_its_length_costs_a_slab_at_most()
    {
        var buffer = Wire.Sequence([.. Wire.Hex("04 000000 7FFFFF 09 01000000"), .. new byte[128]]);
        Assert.False(_reader.TryRead(ref buffer, out _));
        Assert.Equal(RtmpEnd.None, _reader.End);
        Assert.InRange(_reader.PendingBytes, 128, _pool.SlabSize);
        Assert.InRange(_pool.BytesInUse, 128, _pool.SlabSize);
    }

    [Fact]
    public void A_large_message_grows_with_its_bytes_and_is_whole_in_the_end()
    {
        var body = Wire.Numbered(3_000_000);
        var bytes = Wire.Chunks(writer =>
        {
            writer.SetChunkSize(100_000);
            writer.Write(4, RtmpMessageType.Video, 1, 0, body);
        });
        Assert.Equal(body, Assert.Single(ReadAll(bytes, _reader, 250_000)).Body);
        Assert.Equal(0, _reader.PendingBytes);
    }

    [Fact]
    public void Unfinished_messages_share_one_limit()
    {
        var limits = RtmpLimits.Default with { MaxPendingBytes = 1_000_000 };
        using var reader = new RtmpChunkReader(_arena, limits);
        var bytes = Enumerable.Range(3, 10).SelectMany(id => (byte[])[(byte)id, .. Wire.Hex("000000 020000 09 01000000"), .. new byte[128]]).ToArray();
        var buffer = Wire.Sequence(bytes);
        Assert.False(reader.TryRead(ref buffer, out _));
        Assert.Equal(RtmpEnd.TooManyPendingBytes, reader.End);
        Assert.InRange(reader.PendingBytes, 0, limits.MaxPendingBytes);
    }

    [Fact]
    public void Reading_media_in_steady_state_allocates_nothing()
    {
        var body = Wire.Numbered(5_000);
        var bytes = Wire.Chunks(writer =>
        {
            writer.SetChunkSize(4_096);
            for (var i = 0u; i < 200; i++)
            {
                writer.Write(6, RtmpMessageType.Video, 1, i * 40, body);
            }
        });
        var buffer = Wire.Sequence(bytes);
        for (var i = 0; i < 150; i++)
        {
            Next(ref buffer);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 50; i++)
        {
            Next(ref buffer);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Next(ref ReadOnlySequence<byte> from)
        {
            while (true)
            {
                Assert.True(_reader.TryRead(ref from, out var message));
                var isChunkSize = message.Type == RtmpMessageType.SetChunkSize;
                message.Payload.Release();
                if (!isChunkSize)
                {
                    return;
                }

                _reader.TrySetChunkSize(4_096);
            }
        }
    }

    List<(RtmpMessageType Type, uint StreamId, uint Timestamp, byte[] Body)> ReadAll(byte[] bytes) => ReadAll(bytes, _reader, bytes.Length);

    // In two reads, cut at that byte, and each in pieces.
    static List<(RtmpMessageType Type, uint StreamId, uint Timestamp, byte[] Body)> ReadAll(byte[] bytes, RtmpChunkReader reader, int split)
    {
        List<(RtmpMessageType, uint, uint, byte[])> messages = [];
        var buffer = Wire.Pieces(bytes.AsMemory(0, split), Math.Max(split / 2, 1));
        Read(ref buffer);
        var rest = buffer.ToArray().Concat(bytes[split..]).ToArray();
        buffer = Wire.Sequence(rest);
        Read(ref buffer);
        return messages;

        void Read(ref ReadOnlySequence<byte> from)
        {
            while (reader.TryRead(ref from, out var message))
            {
                var body = message.Payload.Span.ToArray();
                message.Payload.Release();
                if (message.Type == RtmpMessageType.SetChunkSize)
                {
                    Assert.True(reader.TrySetChunkSize((uint)(body[0] << 24 | body[1] << 16 | body[2] << 8 | body[3])));
                }
                else
                {
                    messages.Add((message.Type, message.StreamId, message.Timestamp, body));
                }
            }
        }
    }
}
