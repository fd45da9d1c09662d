using System.Buffers;
using Tributary.Protocols.Amf;
using Tributary.Protocols.Rtmp;

namespace Tributary.Unit.Rtmp;

/// <summary>Bytes for the tests of this folder.</summary>
static class Wire
{
    public static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal).ReplaceLineEndings(""));

    public static ReadOnlySequence<byte> Sequence(byte[] bytes) => new(bytes);

    /// <summary>The same bytes in pieces of that size, as a pipe may hold them; empty pieces among them.</summary>
    public static ReadOnlySequence<byte> Pieces(ReadOnlyMemory<byte> bytes, int size)
    {
        var first = new Piece(default, 0);
        var last = first;
        for (var at = 0; at < bytes.Length; at += size)
        {
            last = last.Append(bytes.Slice(at, Math.Min(size, bytes.Length - at)));
            last = last.Append(default);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    public static byte[] Amf(Action<Amf0Writer> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(new Amf0Writer(output));
        return output.WrittenSpan.ToArray();
    }

    public static byte[] Chunks(Action<RtmpChunkWriter> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(new RtmpChunkWriter(output));
        return output.WrittenSpan.ToArray();
    }

    public static byte[] Numbered(int count) => Enumerable.Range(0, count).Select(i => (byte)(i * 7 + (i >> 8))).ToArray();

    sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
