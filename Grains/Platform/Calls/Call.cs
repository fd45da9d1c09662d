using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Calls;

/// <summary>A call whose session, permission and parameters were checked: what a handler works with.</summary>
public sealed record Call(ActionType Action, PlatformObject Arguments, Caller Caller, int Partner, Account Account, ApiRequest Request)
{
    public RequestFacts Facts => Request.Facts;

    public string Text(string name, string otherwise = "") => Arguments.Text(name, otherwise);

    public long Long(string name, long otherwise = 0) => Arguments.Long(name, otherwise);

    public PlatformObject Object(string name) => Arguments.Object(name) ?? throw PlatformException.Of("MISSING_MANDATORY_PARAMETER", name);

    public PlatformObject? Optional(string name) => Arguments.Object(name);

    public UploadedFile File(string name) => Request.Files[name];

    /// <summary>Partner whose objects are listed; null: the caller sees every partner's.</summary>
    public int? Scope => Partner < 0 ? null : Partner;

    /// <summary>Whether the caller may see an object of <paramref name="partner"/>.</summary>
    public bool Sees(int partner) => Scope is null || Scope == partner;
}

/// <summary>What an action does. Its answer is null, text, long, double, bool, an object, a list of objects, or a <see cref="ServedFile"/>.</summary>
public delegate Task<object?> Handler(Call call);

/// <summary>Who may call an action. Media servers may call what their table says, whatever is written here.</summary>
public enum CallAccess
{
    /// <summary>Everybody; a session that is sent is checked all the same.</summary>
    Open,

    /// <summary>Any session.</summary>
    Session,

    /// <summary>Any session that is not a player's (widget).</summary>
    User,

    Admin,

    /// <summary>Media servers, and partners that are their own (MEDIA_SERVER_PARTNER_LEVEL).</summary>
    MediaServer,
}
