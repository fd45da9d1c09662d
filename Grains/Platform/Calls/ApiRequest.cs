using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Sessions;
using Tributary.Media.Pictures;

namespace Tributary.Grains.Platform.Calls;

/// <summary>A call of the platform's API, wherever it came from: the wire, a multirequest, or our own code.</summary>
public sealed record ApiRequest(string Service, string Action, RawMap Parameters)
{
    public IReadOnlyDictionary<string, UploadedFile> Files { get; init; } = new Dictionary<string, UploadedFile>();

    public RequestFacts Facts { get; init; } = RequestFacts.Internal;

    /// <summary>Who calls, where that is known without a session: our own code. Null: whoever the session in the parameters says.</summary>
    public Caller? Caller { get; init; }
}

/// <summary>What is known of the HTTP request.</summary>
/// <param name="BaseUrl">Scheme, host and port under which the client reached us: URLs in answers begin with it.</param>
public sealed record RequestFacts(string BaseUrl, string Ip, string Uri, string Referrer, string UserAgent)
{
    public static RequestFacts Internal { get; } = new("", "127.0.0.1", "/api_v3", "", "");
}

/// <summary>A file of a request, already on disk: whoever takes it moves it, else it goes with the request.</summary>
public sealed record UploadedFile(string FileName, string ContentType, string Path, long Length);

/// <summary>A file that an action answers with instead of an object.</summary>
/// <param name="Wish">A picture to be made of it, where the machine has libraries for that.</param>
public sealed record ServedFile(string ContentType, byte[]? Bytes = null, string? Path = null, string? Redirect = null, PictureWish? Wish = null);

/// <summary>Who calls.</summary>
public sealed record Caller
{
    /// <summary>Partner of the session: −5 media servers, −1 batch, −2 administration, above 0 customers; 0: nobody.</summary>
    public required int Partner { get; init; }

    public string User { get; init; } = "";

    public bool IsAdmin { get; init; }

    public bool IsAnonymous { get; init; }

    public Privileges Rights { get; init; } = Privileges.Parse("");

    public Ks? Ks { get; init; }

    /// <summary>The session as it was sent. Never for logs.</summary>
    public string KsText { get; init; } = "";

    public bool IsWidget => Rights.Names("widget");

    public bool IsMediaServer => Partner == Partners.MediaServers;

    /// <summary>Of the platform itself: sees and may everything.</summary>
    public bool IsInternal => Partner is Partners.Batch or Partners.Console;

    public static Caller Anonymous { get; } = new() { Partner = 0, IsAnonymous = true };

    /// <summary>Our own media server, in this process.</summary>
    public static Caller MediaServer { get; } = new() { Partner = Partners.MediaServers, User = "MediaServer", IsAdmin = true };

    /// <summary>The platform itself, in this process.</summary>
    public static Caller Platform { get; } = new() { Partner = Partners.Batch, User = "platform", IsAdmin = true };

    public override string ToString() => $"partner {Partner}";
}
