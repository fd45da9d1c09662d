namespace Tributary.Media.Captions;

/// <summary>
/// Reads WebVTT (W3C) and SubRip, which differ in little: blocks between empty lines, in each an identifier (SubRip: a number), a line with two times
/// and an arrow, and text. Blocks without an arrow are notes; those before the first cue are kept as the header.
/// </summary>
static class CueTextReader
{
    const string Arrow = "-->";
    const string Signature = "WEBVTT";

    /// <summary>Returns why the text is none of captions; empty where it is.</summary>
    public static string Read(string text, List<CaptionCue> cues, out string header)
    {
        header = "";
        text = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var isWebVtt = text.StartsWith(Signature, StringComparison.Ordinal);
        if (!isWebVtt && !text.Contains(Arrow, StringComparison.Ordinal) && !string.IsNullOrWhiteSpace(text))
        {
            return "The text has no cues: it is neither WebVTT nor SubRip.";
        }

        var body = isWebVtt ? text.IndexOf('\n', StringComparison.Ordinal) : 0;   // the signature's line is none of a block
        if (body < 0)
        {
            header = text[Signature.Length..];
            return "";
        }

        var blocks = new LineBlocks(text.AsSpan(body));
        var headerEnd = text.Length;
        while (cues.Count < CaptionsReader.MaxCues && blocks.MoveNext())
        {
            if (blocks.TryFindLine(Arrow, out var before, out var times, out var after))
            {
                headerEnd = Math.Min(headerEnd, body + blocks.Start);
                Add(cues, before, times, after, isWebVtt);
            }
        }

        header = isWebVtt ? text[Signature.Length..headerEnd] : "";
        return "";
    }

    static void Add(List<CaptionCue> cues, ReadOnlySpan<char> before, ReadOnlySpan<char> times, ReadOnlySpan<char> text, bool isWebVtt)
    {
        var arrow = times.IndexOf(Arrow, StringComparison.Ordinal);
        var after = times[(arrow + Arrow.Length)..].TrimStart();
        var space = after.IndexOfAny(' ', '\t');
        var settings = space < 0 || !isWebVtt ? "" : after[space..].Trim().ToString();   // SubRip has coordinates there
        if (CueTime.TryParse(times[..arrow], out var start) && CueTime.TryParse(space < 0 ? after : after[..space], out var end) && end > start)
        {
            var id = before.Trim('\n');
            id = id[(id.LastIndexOf('\n') + 1)..];
            cues.Add(new CaptionCue(start, end, id.ToString(), settings, isWebVtt ? text.ToString() : SubRipTags.Remove(text.ToString())));
        }
    }
}

/// <summary>Walks the blocks of a text: lines between empty lines.</summary>
ref struct LineBlocks(ReadOnlySpan<char> text)
{
    readonly ReadOnlySpan<char> _text = text;
    int _next;

    /// <summary>Where the block begins.</summary>
    public int Start { get; private set; }

    public ReadOnlySpan<char> Block { get; private set; }

    public bool MoveNext()
    {
        while (_next < _text.Length && _text[_next] == '\n')
        {
            _next++;
        }

        if (_next >= _text.Length)
        {
            return false;
        }

        var end = _text[_next..].IndexOf("\n\n", StringComparison.Ordinal);
        Start = _next;
        Block = end < 0 ? _text[_next..].TrimEnd('\n') : _text.Slice(_next, end);
        _next += Block.Length;
        return true;
    }

    /// <summary>The first line of the block that contains something, and what is before and after it.</summary>
    public readonly bool TryFindLine(
        scoped ReadOnlySpan<char> something, out ReadOnlySpan<char> before, out ReadOnlySpan<char> line, out ReadOnlySpan<char> after)
    {
        before = line = after = default;
        var at = Block.IndexOf(something, StringComparison.Ordinal);
        if (at < 0)
        {
            return false;
        }

        var start = Block[..at].LastIndexOf('\n') + 1;
        var length = Block[start..].IndexOf('\n');
        before = Block[..start];
        line = length < 0 ? Block[start..] : Block.Slice(start, length);
        after = length < 0 ? default : Block[(start + length + 1)..];
        return true;
    }
}
