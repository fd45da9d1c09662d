using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;

namespace Tributary.Bench;

/// <summary>
/// When a picture was sent, within the picture: a message for nobody (SEI, user data unregistered; ITU-T H.264 D.1.7) that servers pass on as it is.
/// The clock is the machine's monotonic one, which all its processes share.
/// <code>
/// length 4 | NAL 06 | type 05 | size 33 | "tributary-bench:" 16 | K or P 1 | ticks 16 in hexadecimal | 80
/// </code>
/// </summary>
static class FrameStamp
{
    /// <summary>Bytes of the whole unit, with its length.</summary>
    public const int Length = 41;

    /// <summary>Bytes of what is looked for.</summary>
    public const int MarkLength = 33;

    static ReadOnlySpan<byte> Mark => "tributary-bench:"u8;

    /// <summary>Writes the unit for a picture that is sent now.</summary>
    public static void Write(Span<byte> to, bool isKey)
    {
        ((ReadOnlySpan<byte>)[0, 0, 0, Length - 4, 6, 5, MarkLength]).CopyTo(to);
        Mark.CopyTo(to[7..]);
        to[23] = isKey ? (byte)'K' : (byte)'P';
        Utf8Formatter.TryFormat(Stopwatch.GetTimestamp(), to.Slice(24, 16), out _, new System.Buffers.StandardFormat('x', 16));
        to[40] = 0x80;
    }

    /// <summary>Finds the next stamp and goes behind it; false where there is no whole one.</summary>
    public static bool TryFind(ref ReadOnlySpan<byte> bytes, out bool isKey, out long sentAt)
    {
        (isKey, sentAt) = (false, 0);
        var at = bytes.IndexOf(Mark);
        if (at < 0 || bytes.Length - at < MarkLength)
        {
            return false;
        }

        isKey = bytes[at + Mark.Length] == 'K';
        _ = long.TryParse(bytes.Slice(at + Mark.Length + 1, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out sentAt);
        bytes = bytes[(at + MarkLength)..];
        return true;
    }
}
