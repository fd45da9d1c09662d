using Tributary.Protocols.Rtmp;

namespace Tributary.Ingest.Rtmp;

/// <summary>
/// What an encoder wants to publish, out of the pieces that it split its URL into. Encoders split the same URL in different places, so all
/// pieces are put together first: <c>rtmp://host/live/NAME?key=SECRET</c> with the key in the name, in the application or in tcUrl, and
/// <c>rtmp://host/kLive/?p=PARTNER&amp;e=ENTRY&amp;i=0|1&amp;t=TOKEN</c> with the stream name <c>ENTRY_1</c> to <c>ENTRY_3</c>.
/// </summary>
/// <param name="StreamName">The name of the stream, of the allow-list.</param>
/// <param name="Slot">0 primary, 1 backup (<c>i</c>).</param>
/// <param name="Key">The credential: <c>key</c>, or the token of kLive. Never for logs.</param>
/// <param name="Partner">The partner of kLive; empty for live.</param>
public sealed record RtmpPublishUrl(string StreamName, int Slot, string? Key, string Partner)
{
    /// <summary>The rendition of kLive; 0 for live, where configuration says which names are renditions.</summary>
    public int Rendition { get; init; }

    /// <summary>live or kLive.</summary>
    public string Application { get; init; } = "live";

    const int LongestName = 128, LongestSecret = 1024, LongestUrl = 4096;
    const string LiveForm = "Publish to rtmp://HOST/live with the stream name NAME or NAME?key=SECRET.";
    const string EntryForm =
        "Publish to rtmp://HOST/kLive/?p=PARTNER&e=ENTRY&i=0&t=TOKEN with the stream name ENTRY_1, ENTRY_2 or ENTRY_3.";

    /// <summary>The queries of all pieces, the name's first. Never for logs.</summary>
    public string Query { get; init; } = "";

    // Secrets stay out of whatever prints it.
    public override string ToString() => $"'{StreamName}' slot {Slot}";

    /// <summary>
    /// Puts the pieces together; if they name nothing that may be published, <paramref name="sentence"/> says so without repeating them.
    /// </summary>
    public static bool TryParse(RtmpPublishRequest request, out RtmpPublishUrl url, out string sentence)
    {
        url = new RtmpPublishUrl("", 0, null, "");
        var (app, tcUrl, name) = (request.Connect.App, request.Connect.TcUrl, request.StreamName);
        if (app.Length + tcUrl.Length + name.Length > LongestUrl)
        {
            sentence = "The URL is too long.";
            return false;
        }

        // 1. Path and queries, each from wherever the encoder left them.
        var (appPath, appQuery) = Split(app);
        var (namePath, nameQuery) = SplitName(name);
        var segments = $"{appPath}/{namePath}".Split('/', StringSplitOptions.RemoveEmptyEntries);
        var query = string.Join('&', new[] { nameQuery, appQuery, Split(tcUrl).Query }.Where(static piece => piece.Length > 0).Distinct());
        string? Find(string key) => Value(query, key);

        // 2. Which slot.
        int slot;
        switch (Find("i"))
        {
            case null or "" or "0":
                slot = 0;
                break;
            case "1":
                slot = 1;
                break;
            default:
                sentence = "The slot (i) is 0 for the primary encoder or 1 for the backup.";
                return false;
        }

        // 3. Which stream.
        if (segments.Length == 2 && segments[0] == "live")
        {
            var isLive = TryLive(segments[1], slot, Find("key"), out url, out sentence);
            url = url with { Query = query };
            return isLive;
        }

        if (segments.Length == 2 && segments[0] == "kLive")
        {
            var isEntry = TryEntry(segments[1], slot, Find("e"), Find("t"), Find("p"), out url, out sentence);
            url = url with { Query = query };
            return isEntry;
        }

        sentence = segments is ["kLive", ..] ? EntryForm
            : segments is ["live"] ? $"The stream name is missing. {LiveForm}"
            : segments is ["live", ..] ? $"A stream name has no slashes. {LiveForm}"
            : $"There is no such application. {LiveForm}";
        return false;
    }

    /// <summary>
    /// A name of the allow-list: a letter or digit, then up to 127 letters, digits, dots, dashes and underscores; never two dots in a row.
    /// </summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && char.IsAsciiLetterOrDigit(name[0]) && !name.Contains("..", StringComparison.Ordinal)
        && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.' or '-');

    static bool TryLive(string name, int slot, string? key, out RtmpPublishUrl url, out string sentence)
    {
        url = new RtmpPublishUrl(Uri.UnescapeDataString(name), slot, key, "");
        sentence = !IsName(url.StreamName) ? NameRule
            : key?.Length > LongestSecret ? "The key is too long."
            : "";
        return sentence.Length == 0;
    }

    // ENTRY_1 to ENTRY_3 are renditions of the entry: one stream, which players find under the entry's own name.
    static bool TryEntry(string name, int slot, string? entry, string? token, string? partner, out RtmpPublishUrl url, out string sentence)
    {
        name = Uri.UnescapeDataString(name);
        url = new RtmpPublishUrl(entry ?? "", slot, token, partner ?? "") { Application = "kLive", Rendition = name.Length > 0 && char.IsAsciiDigit(name[^1]) ? name[^1] - '0' : 0 };
        sentence = entry is null || (name != $"{entry}_1" && name != $"{entry}_2" && name != $"{entry}_3") ? EntryForm
            : !IsName(entry) || !IsName(name) ? NameRule
            : !url.Partner.All(char.IsAsciiDigit) || url.Partner.Length > 18 ? "The partner (p) is a number."
            : token?.Length > LongestSecret ? "The token (t) is too long."
            : "";
        return sentence.Length == 0;
    }

    const string NameRule =
        "A stream name has letters, digits, dots, dashes and underscores, begins with a letter or digit, has no two dots in a row, "
        + "and 128 letters at most.";

    static (string Path, string Query) Split(string text) =>
        text.IndexOf('?') is var at and >= 0 ? (text[..at], text[(at + 1)..]) : (text, "");

    // ffmpeg cuts rtmp://host/kLive/?p=1&e=E/E_1 behind "kLive", so the name comes at the end of its own query.
    static (string Path, string Query) SplitName(string name)
    {
        var (path, query) = Split(name);
        return path.Trim('/').Length == 0 && query.LastIndexOf('/') is var at and >= 0 ? (query[(at + 1)..], query[..at]) : (path, query);
    }

    static string? Value(string query, string key)
    {
        foreach (var pair in query.Split('&'))
        {
            if (pair.Length > key.Length && pair[key.Length] == '=' && pair.StartsWith(key, StringComparison.Ordinal))
            {
                return Uri.UnescapeDataString(pair[(key.Length + 1)..]);
            }
        }

        return null;
    }
}
