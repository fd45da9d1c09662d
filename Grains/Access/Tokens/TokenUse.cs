using System.Net;

namespace Tributary.Grains.Access.Tokens;

/// <summary>What somebody wants to do with a stream.</summary>
public enum AccessAction
{
    Publish,
    Play,
}

/// <summary>For what a token is shown.</summary>
/// <param name="Action">What its bearer wants.</param>
/// <param name="Stream">With which stream.</param>
/// <param name="Address">From where.</param>
/// <param name="Now">When.</param>
/// <param name="Tolerance">How far the issuer's clock may be from ours.</param>
public readonly record struct TokenUse(AccessAction Action, string Stream, IPAddress Address, DateTimeOffset Now, TimeSpan Tolerance);

/// <summary>What came of judging a token.</summary>
public enum TokenVerdict
{
    Valid,

    /// <summary>It is no token of a form that is known here.</summary>
    Malformed,

    /// <summary>Its algorithm is not one that is allowed, or not that of the key.</summary>
    Algorithm,

    /// <summary>No key that it could be signed with is known.</summary>
    UnknownKey,

    /// <summary>The signature is not of the key.</summary>
    Signature,

    /// <summary>It says no time at which it expires.</summary>
    NoExpiry,

    Expired,

    NotYet,

    /// <summary>From another issuer, or for another audience.</summary>
    Issuer,

    /// <summary>It permits something else, or another stream.</summary>
    Permission,

    /// <summary>It is bound to another address.</summary>
    Address,
}

/// <summary>What a valid token gives.</summary>
/// <param name="Expires">Until when it lets in.</param>
/// <param name="Ends">Until when who was let in may stay; null: the token does not say.</param>
/// <param name="Bound">Where it may be used; null: everywhere.</param>
public readonly record struct TokenGrant(DateTimeOffset Expires, DateTimeOffset? Ends, AddressRange? Bound);

public static class TokenVerdicts
{
    /// <summary>Whether a token with this verdict was never one of ours: a sign of guessing, while an expired one is only late.</summary>
    public static bool IsForged(this TokenVerdict verdict) =>
        verdict is TokenVerdict.Malformed or TokenVerdict.Algorithm or TokenVerdict.UnknownKey or TokenVerdict.Signature;

    /// <summary>Why a token does not do, for whoever showed it; says nothing of the token itself.</summary>
    public static string Sentence(this TokenVerdict verdict) => verdict switch
    {
        TokenVerdict.Valid => "",
        TokenVerdict.Expired => "The token has expired.",
        TokenVerdict.NotYet => "The token is not valid yet.",
        TokenVerdict.NoExpiry => "The token has no expiry (exp).",
        TokenVerdict.Issuer => "The token is from another issuer or for another audience.",
        TokenVerdict.Permission => "The token is for another stream or for something else.",
        TokenVerdict.Address => "The token is for another address.",
        _ => "The token is wrong.",
    };
}
