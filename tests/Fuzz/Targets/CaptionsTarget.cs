using System.Xml;
using Tributary.Media.Captions;

namespace Tributary.Fuzz.Targets;

/// <summary>Captions of any format: what was read can be written as WebVTT and then reads as the same, and as TTML that is well-formed.</summary>
[FuzzTarget("captions")]
static class CaptionsTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var isRead = CaptionsReader.TryRead(input, out var file, out var reason);
        Holds.That(isRead == (reason.Length == 0), "A file and a reason, or neither.");
        if (file is null)
        {
            return;
        }

        Holds.That(file.Cues.Count <= CaptionsReader.MaxCues, "More cues than the limit.");
        Holds.That(file.Cues.All(static c => c.Start >= 0 && c.End > c.Start && c.End <= long.MaxValue / 4), "A cue of no time.");
        var written = WebVttWriter.Write(file, CaptionWindow.Whole);
        Holds.That(CaptionsReader.TryRead(written, out var again, out _), "What was written cannot be read.");
        Holds.That(file.Cues.Select(Times).SequenceEqual(again!.Cues.Select(Times)), "What was written reads as something else.");

        using var xml = XmlReader.Create(new MemoryStream(TtmlWriter.Write(file, CaptionWindow.Whole)));
        var paragraphs = 0;
        while (xml.Read())
        {
            paragraphs += xml is { NodeType: XmlNodeType.Element, LocalName: "p" } ? 1 : 0;
        }

        Holds.That(paragraphs == file.Cues.Count, "A cue is lost in TTML.");
    }

    static (long, long) Times(CaptionCue cue) => (cue.Start, cue.End);
}
