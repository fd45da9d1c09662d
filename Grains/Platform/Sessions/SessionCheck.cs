using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Sessions;

/// <summary>Why a session is not valid; the numbers are of the wire.</summary>
public enum SessionFault
{
    None = 0,
    InvalidString = -1,
    InvalidPartner = -2,
    InvalidUser = -3,
    InvalidType = -4,
    Expired = -5,
    LoggedOut = -6,
    ExceededActionsLimit = -8,
    ExceededRestrictedIp = -9,
    ExceededRestrictedUri = -11,
}

/// <summary>The checks of a session that need nothing but the session and the request.</summary>
public static class SessionCheck
{
    static readonly Dictionary<SessionFault, string> Names = new()
    {
        [SessionFault.InvalidString] = "INVALID_STR",
        [SessionFault.InvalidPartner] = "INVALID_PARTNER",
        [SessionFault.InvalidUser] = "INVALID_USER",
        [SessionFault.InvalidType] = "INVALID_TYPE",
        [SessionFault.Expired] = "EXPIRED",
        [SessionFault.LoggedOut] = "LOGOUT",
        [SessionFault.ExceededActionsLimit] = "EXCEEDED_ACTIONS_LIMIT",
        [SessionFault.ExceededRestrictedIp] = "EXCEEDED_RESTRICTED_IP",
        [SessionFault.ExceededRestrictedUri] = "EXCEEDED_RESTRICTED_URI",
    };

    /// <summary>Time, address and URI, in the order in which the platform looks at them.</summary>
    public static SessionFault Check(Ks ks, long now, string ip, string uri)
    {
        if (ks.ValidUntil <= now)
        {
            return SessionFault.Expired;
        }

        if (ks.Rights.Names("iprestrict") && !ks.Rights.Values("iprestrict").Contains(ip, StringComparer.Ordinal))
        {
            return SessionFault.ExceededRestrictedIp;
        }

        return ks.Rights.Value("urirestrict") is { } allowed && !allowed.Split('|').Any(pattern => Matches(uri, pattern))
            ? SessionFault.ExceededRestrictedUri
            : SessionFault.None;
    }

    public static PlatformException Refusal(string ks, SessionFault fault) =>
        PlatformException.Of("INVALID_KS", ks, (int)fault, Names.GetValueOrDefault(fault, ""));

    static bool Matches(string uri, string pattern) =>
        pattern.EndsWith('*') ? uri.StartsWith(pattern[..^1], StringComparison.Ordinal) : string.Equals(uri, pattern, StringComparison.Ordinal);
}
