using System.Text;

namespace Tributary.Media.Captions;

/// <summary>Reads CAP files of the Cheetah captioning system: a header of 128 bytes, then blocks that begin with their length.</summary>
/// <remarks>
/// <code>
/// length(8) flags(8): 0x20 has an end | start: hour+1, minute, second, frame of 30 | [end: the same] … text from 12, or 16 with an end | one more byte
/// </code>
/// </remarks>
static class CheetahReader
{
    const int HeaderSize = 128;
    const int HasEnd = 0x20;
    const int TextWithEnd = 16;
    const int TextWithoutEnd = 12;
    const int FramesPerSecond = 30;
    const int LastCueMilliseconds = 2_000;
    const byte FirstSpecial = 0x81;
    const string Special = "♪áéíóúâêîôûàèÑñç¢£¿½®";   // from 0x81 on

    public static bool IsCheetah(ReadOnlySpan<byte> file) => file.Length >= HeaderSize && file[0] == 0xEA && file[1] == 0x22 && file[2] <= 3;

    public static void Read(ReadOnlySpan<byte> file, List<CaptionCue> cues)
    {
        var open = default(CaptionCue);   // one without an end lasts until the next
        for (var at = HeaderSize; at + 2 < file.Length && cues.Count < CaptionsReader.MaxCues;)
        {
            int length = file[at];
            if (length > file.Length - at)
            {
                break;
            }

            var block = file.Slice(at, length);
            at += Math.Max(1, length);
            var hasEnd = length > 1 && (block[1] & HasEnd) != 0;
            var text = hasEnd ? TextWithEnd : TextWithoutEnd;
            if (length <= text + 1)
            {
                continue;
            }

            var start = Time(block[2..]);
            Close(cues, open, start);
            open = new CaptionCue(start, hasEnd ? Time(block[6..]) : -1, "", "", Text(block[text..^1]));
        }

        Close(cues, open, (open?.Start ?? 0) + LastCueMilliseconds);
    }

    static void Close(List<CaptionCue> cues, CaptionCue? cue, long next)
    {
        var end = cue?.End >= 0 ? cue.End : next;
        if (cue is not null && end > cue.Start)
        {
            cues.Add(cue with { End = end });
        }
    }

    static long Time(ReadOnlySpan<byte> time) =>
        Math.Max(0, (time[0] - 1) * 3_600_000L) + time[1] * 60_000L + time[2] * 1_000L + Math.Min(999, time[3] * 1_000 / FramesPerSecond);

    // Zeros end lines; other bytes beside ASCII and the special letters are styles.
    static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var letter in bytes)
        {
            if (letter == 0 && text.Length > 0 && text[^1] != '\n')
            {
                text.Append('\n');
            }
            else if (letter >= FirstSpecial && letter < FirstSpecial + Special.Length)
            {
                text.Append(Special[letter - FirstSpecial]);
            }
            else if (letter is > 0x14 and < 0x80)
            {
                text.Append((char)letter);
            }
        }

        return text.ToString().TrimEnd('\n');
    }
}
