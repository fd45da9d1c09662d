using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;
using Tributary.Protocols.Rtmp;

namespace Tributary.Unit.Rtmp;

/// <summary>What holds for any messages, not only for those that somebody thought of.</summary>
public sealed class RtmpChunkProperties
{
    static readonly RtmpMessageType[] MediaTypes = [RtmpMessageType.Audio, RtmpMessageType.Video, RtmpMessageType.DataAmf0];
    static readonly int[] ChunkStreams = [2, 3, 63, 64, 319, 320, 65_599];

    sealed record Sent(int ChunkStream, RtmpMessageType Type, uint StreamId, uint Timestamp, byte[] Body);

    static readonly Gen<Sent> Message =
        from chunks in Gen.Elements(ChunkStreams)
        from type in Gen.Elements(MediaTypes)
        from stream in Gen.Choose(0, 2)
        from timestamp in Gen.OneOf(
            Gen.Choose(0, 100), Gen.Choose(0xFFFFF0, 0x1000010), Gen.Choose(int.MaxValue - 100, int.MaxValue), Gen.Choose(-100, -1))
        from length in Gen.OneOf(Gen.Choose(0, 5), Gen.Choose(100, 400))
        select new Sent(chunks, type, (uint)stream, (uint)timestamp, Wire.Numbered(length));

    [Fact]
    public void What_is_written_is_read_back_whole() =>
        Prop.ForAll(
            (from messages in Message.ListOf()
             from chunkSize in Gen.Elements(1, 7, 128, 1_000, 0xFFFFFF)
             from pieces in Gen.Choose(1, 500)
             select (messages, chunkSize, pieces)).ToArbitrary(),
            test => RoundTrip([.. test.messages], test.chunkSize, test.pieces))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Amf_values_are_read_back_as_written() =>
        Prop.ForAll(Value(4).ToArbitrary(), value =>
        {
            var bytes = Wire.Amf(amf => amf.Value(value));
            var reader = new Amf0Reader(bytes);
            return reader.TryRead(out var read) && reader.AtEnd && Wire.Amf(amf => amf.Value(read)).AsSpan().SequenceEqual(bytes);
        }).QuickCheckThrowOnFailure();

    static bool RoundTrip(List<Sent> messages, int chunkSize, int pieces)
    {
        var pool = new FramePool { Poison = true };
        var arena = new FrameArena(pool);
        var reader = new RtmpChunkReader(arena, RtmpLimits.Default);
        var bytes = Wire.Chunks(writer =>
        {
            writer.SetChunkSize(chunkSize);
            foreach (var message in messages)
            {
                writer.Write(message.ChunkStream, message.Type, message.StreamId, message.Timestamp, message.Body);
            }
        });

        List<Sent> read = [];
        byte[] unread = [];
        foreach (var piece in bytes.Chunk(pieces))
        {
            var buffer = Wire.Pieces((byte[])[.. unread, .. piece], 3);
            while (reader.TryRead(ref buffer, out var message))
            {
                if (message.Type == RtmpMessageType.SetChunkSize)
                {
                    reader.TrySetChunkSize((uint)chunkSize);
                }
                else
                {
                    read.Add(new Sent(0, message.Type, message.StreamId, message.Timestamp, message.Payload.Span.ToArray()));
                }

                message.Payload.Release();
            }

            unread = buffer.ToArray();
        }

        reader.Dispose();
        arena.Dispose();
        return read.Count == messages.Count && unread.Length == 0 && pool.SlabsInUse == 0 && read.Zip(messages).All(pair =>
            (pair.First.Type, pair.First.StreamId, pair.First.Timestamp) == (pair.Second.Type, pair.Second.StreamId, pair.Second.Timestamp)
            && pair.First.Body.AsSpan().SequenceEqual(pair.Second.Body));
    }

    static Gen<AmfValue> Value(int depth)
    {
        var name = Gen.Elements("a", "level", "ключ", "x-y", "0");
        var plain = Gen.OneOf(
            Gen.Constant(AmfValue.Null),
            Gen.Choose(-1000, 1000).Select(n => AmfValue.Of(n / 8.0)),
            Gen.Elements(true, false).Select(AmfValue.Of),
            Gen.Elements("", "live", "日本", new string('x', 300)).Select(AmfValue.Of),
            Gen.Choose(0, int.MaxValue).Select(n => AmfValue.Date(n)));
        if (depth == 0)
        {
            return plain;
        }

        var inner = Value(depth - 1);
        var properties = (from n in name from v in inner select new AmfProperty(n, v)).ListOf(3);
        return Gen.OneOf(
            plain,
            properties.Select(p => AmfValue.Object([.. p])),
            properties.Select(p => AmfValue.EcmaArray([.. p])),
            inner.ListOf(3).Select(e => AmfValue.StrictArray([.. e])));
    }
}
