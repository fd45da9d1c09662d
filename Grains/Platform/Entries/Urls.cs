namespace Tributary.Grains.Platform.Entries;

/// <summary>Addresses of an entry under the host that the client reached us by.</summary>
public static class Urls
{
    public static string Manifest(string baseUrl, int partner, string entry, string format, string extension) =>
        $"{baseUrl}/p/{partner}/sp/{partner}00/playManifest/entryId/{entry}/protocol/{Scheme(baseUrl)}/format/{format}/a.{extension}";

    public static string Thumbnail(string baseUrl, int partner, string entry, long version) =>
        $"{baseUrl}/p/{partner}/sp/{partner}00/thumbnail/entry_id/{entry}/version/{version}";

    public static string Download(string baseUrl, int partner, string entry) =>
        $"{baseUrl}/p/{partner}/sp/{partner}00/playManifest/entryId/{entry}/protocol/{Scheme(baseUrl)}/format/download/a.mp4";

    public static string Serve(string baseUrl, string service, string idName, string id) => $"{baseUrl}/api_v3/index.php/service/{service}/action/serve/{idName}/{id}";

    public static string Scheme(string baseUrl) => baseUrl.StartsWith("https", StringComparison.Ordinal) ? "https" : "http";
}
