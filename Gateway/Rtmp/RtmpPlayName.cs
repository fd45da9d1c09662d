using Tributary.Gateway.Live;
using Tributary.Protocols.Rtmp;

namespace Tributary.Gateway.Rtmp;

/// <summary>
/// The stream that a player wants: <c>rtmp://host/live/NAME</c>, and entries of kLive as <c>rtmp://host/kLive/ENTRY</c> or, by the name under which the
/// first rendition is published, <c>ENTRY_1</c>. Queries, which may hold tokens, are left out.
/// </summary>
static class RtmpPlayName
{
    const string FirstRendition = "_1";

    public static bool TryParse(RtmpPlayRequest request, out string stream)
    {
        var (app, name) = (Path(request.Connect.App), Path(request.StreamName));
        stream = app == "kLive" && name.EndsWith(FirstRendition, StringComparison.Ordinal) ? name[..^FirstRendition.Length] : name;
        return app is "live" or "kLive" && StreamName.IsValid(stream);
    }

    /// <summary>The application, without its query.</summary>
    public static string App(RtmpPlayRequest request) => Path(request.Connect.App);

    /// <summary>The queries of all pieces, which may hold tokens.</summary>
    public static string Query(RtmpPlayRequest request) => string.Join('&', new[] { request.StreamName, request.Connect.App, request.Connect.TcUrl }
        .Select(static text => text.IndexOf('?') is var query and >= 0 ? text[(query + 1)..] : "").Where(static query => query.Length > 0).Distinct());

    static string Path(string text) => (text.IndexOf('?') is var query and >= 0 ? text[..query] : text).Trim('/');
}
