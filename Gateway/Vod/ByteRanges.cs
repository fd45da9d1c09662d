using Microsoft.Net.Http.Headers;

namespace Tributary.Gateway.Vod;

/// <summary>Ranges of a body that a request asks for (RFC 9110 §14.1.2).</summary>
static class ByteRanges
{
    const int Most = 16;

    /// <summary>Reads the Range header.</summary>
    /// <param name="header">Its text.</param>
    /// <param name="length">Bytes of the body.</param>
    /// <returns>Null: the whole is asked for, or less to send than the parts. Empty: none of what is asked for is there.</returns>
    public static List<(long From, long Count)>? Read(string header, long length)
    {
        if (!RangeHeaderValue.TryParse(header, out var parsed) || parsed.Unit != "bytes" || parsed.Ranges.Count > Most)
        {
            return null;
        }

        var (ranges, total) = (new List<(long, long)>(), 0L);
        foreach (var range in parsed.Ranges)
        {
            var from = range.From ?? Math.Max(0, length - (range.To ?? 0));
            var last = range.From is null ? length - 1 : Math.Min(range.To ?? length - 1, length - 1);
            if (from < length && from <= last)
            {
                ranges.Add((from, last - from + 1));
                total += last - from + 1;
            }
        }

        return total > length ? null : ranges;   // parts that overlap: the whole is less
    }
}
