using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Hls;

/// <summary>Writes the lines of a playlist as UTF-8.</summary>
readonly struct PlaylistWriter()
{
    readonly ArrayBufferWriter<byte> _output = new(4096);

    public ReadOnlyMemory<byte> Written => _output.WrittenMemory;

    public PlaylistWriter Add(ReadOnlySpan<byte> text)
    {
        _output.Write(text);
        return this;
    }

    public PlaylistWriter Add(string text)
    {
        Encoding.UTF8.GetBytes(text, _output);
        return this;
    }

    public PlaylistWriter Add(long number)
    {
        Utf8Formatter.TryFormat(number, _output.GetSpan(20), out var written);
        _output.Advance(written);
        return this;
    }

    public PlaylistWriter AddHex(ulong number)
    {
        Utf8Formatter.TryFormat(number, _output.GetSpan(16), out var written, new StandardFormat('x', 16));
        _output.Advance(written);
        return this;
    }

    /// <summary><paramref name="value"/> / 10^<paramref name="decimals"/>, all decimals written.</summary>
    public PlaylistWriter AddDecimal(long value, int decimals)
    {
        long scale = 1;
        for (var i = 0; i < decimals; i++)
        {
            scale *= 10;
        }

        Add(value / scale).Add("."u8);
        Utf8Formatter.TryFormat(value % scale, _output.GetSpan(20), out var written, new StandardFormat('D', (byte)decimals));
        _output.Advance(written);
        return this;
    }

    /// <summary>Seconds with six decimals.</summary>
    public PlaylistWriter AddSeconds(long ticks, int timescale) => AddDecimal(MediaTime.RescaleNearest(ticks, timescale, 1_000_000), 6);

    /// <summary>ISO 8601 with milliseconds, UTC.</summary>
    public PlaylistWriter Add(DateTimeOffset time)
    {
        time.UtcDateTime.TryFormat(_output.GetSpan(32), out var written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null);
        _output.Advance(written);
        return this;
    }

    public PlaylistWriter End() => Add("\n"u8);
}
