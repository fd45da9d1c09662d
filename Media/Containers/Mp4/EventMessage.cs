using System.Buffers;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// The box emsg (ISO/IEC 23009-1 §5.10.3.3, version 1) with an ID3 tag, as the AOM's "Carriage of ID3 Timed Metadata in CMAF" puts it before a chunk:
/// <code>
/// timescale(32) presentation_time(64) event_duration(32) id(32) scheme_id_uri 00 value 00 message
/// </code>
/// </summary>
static class EventMessage
{
    const uint UntilTheNext = uint.MaxValue;

    /// <summary>With the zero that ends it.</summary>
    public static ReadOnlySpan<byte> Scheme => "https://aomedia.org/emsg/ID3\0"u8;

    public static int Measure(ReadOnlySpan<byte> message) => 12 + 20 + Scheme.Length + 1 + message.Length;

    /// <summary>An id for something that was said at a time; those of segments, their numbers, are below.</summary>
    public static uint IdOf(long pts, string text)
    {
        var hash = unchecked(2_166_136_261 ^ (uint)pts ^ (uint)(pts >> 32));   // FNV-1a: the same on every gateway
        foreach (var letter in text)
        {
            hash = unchecked((hash ^ letter) * 16_777_619);
        }

        return hash | 0x8000_0000;
    }

    /// <param name="output">Where to.</param>
    /// <param name="timescale">Ticks per second of <paramref name="pts"/>.</param>
    /// <param name="pts">When it is.</param>
    /// <param name="id">Tells it from others: a player that gets it twice takes it once.</param>
    /// <param name="message">The tag.</param>
    public static void WriteId3(IBufferWriter<byte> output, int timescale, long pts, uint id, ReadOnlySpan<byte> message)
    {
        var size = Measure(message);
        var writer = new BoxWriter(output.GetSpan(size)[..size]);
        var box = writer.Open("emsg"u8, 1, 0);
        writer.U32((uint)timescale);
        writer.U64((ulong)Math.Max(0, pts));
        writer.U32(UntilTheNext);
        writer.U32(id);
        writer.Bytes(Scheme);
        writer.U8(0);
        writer.Bytes(message);
        writer.Close(box);
        output.Advance(size);
    }
}
