using System.Net;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Grains.Access;

/// <summary>What the rules for keys say of an encoder.</summary>
public enum KeyVerdict
{
    /// <summary>Keys do not come into it.</summary>
    None,

    Right,

    Wrong,

    /// <summary>It has none, and needs none here.</summary>
    Anonymous,

    /// <summary>It has none, and needs one.</summary>
    Missing,
}

/// <summary>Somebody who wants to publish or play.</summary>
public sealed record AccessRequest(AccessAction Action, string Stream, IPAddress Address, Credentials Credentials)
{
    /// <summary>Names the publisher or viewer until it ends.</summary>
    public Guid Session { get; init; } = Guid.NewGuid();

    /// <summary><c>rtmp</c>, <c>rtmps</c>, <c>hls</c>, <c>flv</c> …</summary>
    public string Protocol { get; init; } = "";

    /// <summary>The query as it came; may hold secrets: for hooks that ask for it, not for logs.</summary>
    public string Query { get; init; } = "";

    /// <summary>The URL of the server as an RTMP peer knows it; may hold secrets.</summary>
    public string TcUrl { get; init; } = "";

    public string UserAgent { get; init; } = "";

    /// <summary>Of an encoder: what its key is worth, and the sentence for a key that is wrong or missing.</summary>
    public KeyVerdict Key { get; init; }

    public string KeySentence { get; init; } = "";

    /// <summary>The key itself, to tell one wrong key from another.</summary>
    public string GivenKey { get; init; } = "";

    // Secrets stay out of whatever prints it.
    public override string ToString() => $"{Protocol} {Address} {Action} '{Stream}'";
}

/// <summary>Why somebody was refused.</summary>
public enum AccessReason
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>Its address guesses keys or tokens.</summary>
    LockedOut,

    /// <summary>From its address it is not allowed.</summary>
    Address,

    /// <summary>It showed nothing that opens the stream.</summary>
    CredentialMissing,

    /// <summary>What it showed is wrong.</summary>
    CredentialWrong,

    /// <summary>Its token has expired, or its time is over.</summary>
    Expired,

    /// <summary>A hook said no.</summary>
    Hook,

    /// <summary>A hook did not answer.</summary>
    HookDown,

    /// <summary>This host does not know yet what operators decided.</summary>
    Unknown,
}

/// <summary>What was decided about a publisher or a viewer.</summary>
/// <param name="Reason">None: it may.</param>
/// <param name="Sentence">Why not, for its user; says nothing of what was shown.</param>
public sealed record AccessDecision(AccessReason Reason, string Sentence)
{
    public static AccessDecision Yes { get; } = new(AccessReason.None, "");

    public bool Granted => Reason == AccessReason.None;

    /// <summary>When its time is over; null: as long as it likes.</summary>
    public DateTimeOffset? Ends { get; init; }

    /// <summary>Where it may watch; null: everywhere.</summary>
    public AddressRange? Bound { get; init; }

    /// <summary>Whether a user and password might help, as a hook says.</summary>
    public bool AsksPassword { get; init; }

    /// <summary>How long until it may try again, where that is known.</summary>
    public TimeSpan RetryAfter { get; init; }
}
