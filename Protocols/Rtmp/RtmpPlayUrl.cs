namespace Tributary.Protocols.Rtmp;

/// <summary>
/// Where a stream is played from: <c>rtmp://HOST[:PORT]/APP/NAME[?QUERY]</c>, or rtmps. The query may hold a credential: it goes to the server and
/// nowhere else.
/// </summary>
/// <param name="Host">Name or address, without brackets.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Secure">Whether it is RTMP over TLS.</param>
/// <param name="App">The application; it may have slashes.</param>
/// <param name="Name">The stream's name with its query.</param>
public sealed record RtmpPlayUrl(string Host, int Port, bool Secure, string App, string Name)
{
    const int Longest = 2_048, PlainPort = 1935, SecurePort = 443;

    string Authority => $"{(Secure ? "rtmps" : "rtmp")}://{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}";

    /// <summary>The URL up to the application, as connect carries it.</summary>
    public string TcUrl => $"{Authority}/{App}";

    /// <summary>The URL as people may see it: without its query.</summary>
    public override string ToString() => $"{Authority}/{App}/{(Name.IndexOf('?') is var at and >= 0 ? Name[..at] : Name)}";

    /// <summary>Reads a URL; where it is none, <paramref name="sentence"/> says why without repeating it.</summary>
    public static bool TryParse(string? text, out RtmpPlayUrl url, out string sentence)
    {
        url = new RtmpPlayUrl("", 0, false, "", "");
        sentence = "A source is rtmp://HOST/APP/NAME or rtmps://HOST/APP/NAME.";
        if (text is null or { Length: 0 or > Longest } || text.Any(static letter => letter <= ' ' || char.IsControl(letter))
            || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("rtmp" or "rtmps") || uri.Host.Length == 0)
        {
            return false;
        }

        if (uri.UserInfo.Length > 0)
        {
            sentence = "A source has no user and password before its host: RTMP has no place for them. Servers take a credential in the query.";
            return false;
        }

        var path = uri.AbsolutePath.Trim('/');
        var cut = path.LastIndexOf('/');
        if (cut <= 0)
        {
            return false;
        }

        var secure = uri.Scheme == "rtmps";
        var port = uri.Port > 0 ? uri.Port : secure ? SecurePort : PlainPort;
        url = new RtmpPlayUrl(uri.IdnHost.Trim('[', ']'), port, secure, path[..cut], path[(cut + 1)..] + uri.Query);
        sentence = "";
        return true;
    }
}
