namespace Tributary.Grains.Access;

/// <summary>
/// Who may publish and play ("Access"). The same at every node. Keys of streams are in "Publish"; what operators decide for single streams over the
/// operations API stands above the rules here.
/// </summary>
public sealed class AccessOptions
{
    /// <summary>Access to streams that no rule is about: Public, Protected or Private.</summary>
    public AccessMode Mode { get; set; } = AccessMode.Public;

    /// <summary>Rules for streams by their names; the first that fits counts.</summary>
    public List<AccessRule> Rules { get; set; } = [];

    /// <summary>From where any stream may be published and played, whatever else is said.</summary>
    public AccessAddresses Addresses { get; set; } = new();

    /// <summary>
    /// Addresses and networks of proxies whose X-Forwarded-For names the viewer. Without it a viewer behind a proxy has the proxy's address.
    /// </summary>
    public string[] TrustedProxies { get; set; } = [];

    /// <summary>Tokens of our own.</summary>
    public AccessTokens Tokens { get; set; } = new();

    /// <summary>JSON Web Tokens of somebody else.</summary>
    public AccessJwt Jwt { get; set; } = new();

    /// <summary>Viewers that were let in.</summary>
    public AccessSessions Sessions { get; set; } = new();

    /// <summary>Addresses that guess.</summary>
    public AccessLockout Lockout { get; set; } = new();

    /// <summary>Programs that are asked, or told, over HTTP; all that are asked have to agree.</summary>
    public List<AccessHook> Hooks { get; set; } = [];

    /// <summary>How hooks are told what happened.</summary>
    public HookDelivery Delivery { get; set; } = new();
}

/// <summary>Access to the streams of some names.</summary>
public sealed class AccessRule
{
    /// <summary>A stream's name, or a pattern of names in which <c>*</c> stands for any letters.</summary>
    public string Streams { get; set; } = "";

    /// <summary>Public, Protected (with a token) or Private (moreover shown nowhere).</summary>
    public AccessMode Mode { get; set; } = AccessMode.Public;

    /// <summary>From where they may be published and played.</summary>
    public AccessAddresses Addresses { get; set; } = new();
}

/// <summary>Lists of addresses (192.0.2.7, 2001:db8::1) and networks (10.0.0.0/8).</summary>
public sealed class AccessAddresses
{
    /// <summary>From where is played; empty: from everywhere.</summary>
    public string[] PlayFrom { get; set; } = [];

    /// <summary>From where is not played.</summary>
    public string[] PlayNotFrom { get; set; } = [];

    /// <summary>From where is published; empty: from everywhere.</summary>
    public string[] PublishFrom { get; set; } = [];

    /// <summary>From where is not published.</summary>
    public string[] PublishNotFrom { get; set; } = [];
}

/// <summary>Tokens signed with a secret that the server shares with whoever sends viewers to it.</summary>
public sealed class AccessTokens
{
    /// <summary>Secrets by their names (<c>kid</c>), at least 16 characters each. Several, so that they can be changed without a gap.</summary>
    public Dictionary<string, string> Keys { get; set; } = new(StringComparer.Ordinal);

    /// <summary>How far the clocks of issuers may be from ours; for JSON Web Tokens too.</summary>
    public TimeSpan Tolerance { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether viewers and encoders are cut off when the token expires with which they came; else only at the end that the token names for them, if any.</summary>
    public bool CutAtExpiry { get; set; }
}

/// <summary>JSON Web Tokens (HS256, RS256, ES256) with a claim of permissions.</summary>
public sealed class AccessJwt
{
    /// <summary>Secret of HS256, at least 32 characters; empty: none.</summary>
    public string Secret { get; set; } = "";

    /// <summary>File with a set of keys (JWKS); read again when it changes. Empty: none.</summary>
    public string KeysPath { get; set; } = "";

    /// <summary>http or https address of a set of keys (JWKS). While it does not answer, the keys that it gave last are used. Empty: none.</summary>
    public string KeysUrl { get; set; } = "";

    /// <summary>How often keys are fetched anew; for a key that is not known, sooner.</summary>
    public TimeSpan KeysAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long the address of keys may take to answer.</summary>
    public TimeSpan KeysTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Issuer (<c>iss</c>) that tokens have to name; empty: any.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>Audience (<c>aud</c>) that tokens have to name; empty: any.</summary>
    public string Audience { get; set; } = "";

    /// <summary>The claim with the permissions, as MediaMTX has it: <c>[{"action": "read", "path": "NAME"}]</c>.</summary>
    public string PermissionsClaim { get; set; } = "mediamtx_permissions";
}

/// <summary>How long a decision holds.</summary>
public sealed class AccessSessions
{
    /// <summary>How long a viewer who was let in may watch on without being judged again, where its token names no earlier end.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(1);

    /// <summary>A viewer of HLS or DASH who fetches nothing for this long has stopped.</summary>
    public TimeSpan Idle { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a refusal is repeated to the same viewer without judging again.</summary>
    public TimeSpan RefusalAge { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Decisions that a gateway remembers; over it those go whose viewers asked for nothing for the longest.</summary>
    public int MaxRemembered { get; set; } = 100_000;

    /// <summary>
    /// Secret with which tickets are signed, which stand for a viewer's token in the addresses that playlists name. Empty: of the cluster's secret, or
    /// on a single node a random one that is kept in the data folder.
    /// </summary>
    public string TicketSecret { get; set; } = "";
}

/// <summary>When an address counts as guessing keys or tokens.</summary>
public sealed class AccessLockout
{
    /// <summary>Different wrong keys and tokens from one address within <see cref="Within"/> after which it is refused; the same one again does not count. 0: never.</summary>
    public int Failures { get; set; } = 20;

    /// <summary>Within what time failures are counted.</summary>
    public TimeSpan Within { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long it is refused. Viewers of that address who were let in before go on.</summary>
    public TimeSpan For { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Addresses that are watched at the same time; over it the oldest are forgotten.</summary>
    public int MaxAddresses { get; set; } = 10_000;
}

/// <summary>In whose words a hook is spoken to.</summary>
public enum HookShape
{
    /// <summary>Ours: JSON, signed with HMAC-SHA256.</summary>
    Signed,

    /// <summary>As SRS has it: <c>on_publish</c>, <c>on_play</c> …; <c>{"code": 0}</c> is a yes.</summary>
    Srs,

    /// <summary>As MediaMTX's external authentication has it: 20x is a yes.</summary>
    MediaMtx,
}

/// <summary>What is decided where a hook does not answer.</summary>
public enum HookDown
{
    Deny,

    Allow,

    /// <summary>As the hook decided last for the same viewer or encoder; denied where it never did.</summary>
    LastDecision,
}

/// <summary>What a hook is about.</summary>
public enum HookEvent
{
    Publish,
    Unpublish,
    Play,
    Stop,

    /// <summary>A recording got a file.</summary>
    Record,
}

/// <summary>A program that is asked whether somebody may publish or play, or told what happened.</summary>
public sealed class AccessHook
{
    /// <summary>Its http or https address. A query in it is a secret: no log shows it.</summary>
    public string Url { get; set; } = "";

    /// <summary>Signed, Srs or MediaMtx.</summary>
    public HookShape Shape { get; set; } = HookShape.Signed;

    /// <summary>What it is asked about: Publish, Play. None named: both for Srs and MediaMtx, nothing for Signed.</summary>
    public HookEvent[]? Asks { get; set; }

    /// <summary>What it is told: Publish, Unpublish, Play, Stop, Record. None named: everything for Signed, Unpublish, Stop and Record for Srs. MediaMtx is told nothing.</summary>
    public HookEvent[]? Tells { get; set; }

    /// <summary>Secret of the signature of Signed, at least 16 characters.</summary>
    public string Secret { get; set; } = "";

    /// <summary>How long it may take to answer.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether its yes opens protected streams to who has neither key nor token: it checks whom it is asked about. Else it can only say no.</summary>
    public bool Grants { get; set; }

    /// <summary>What is decided while it does not answer in time, or not as it should: Deny, Allow or LastDecision.</summary>
    public HookDown WhenDown { get; set; } = HookDown.Deny;

    /// <summary>Questions that may be under way at the same time; more count as not answered.</summary>
    public int MaxAsking { get; set; } = 64;

    /// <summary>Whether it is asked about such a thing.</summary>
    internal bool IsAsked(HookEvent about) => Asks?.Contains(about) ?? (Shape != HookShape.Signed && about is (HookEvent.Publish or HookEvent.Play));

    /// <summary>Whether it is told of such a thing.</summary>
    internal bool IsTold(HookEvent what) => Tells?.Contains(what) ?? Shape switch
    {
        HookShape.Signed => true,
        HookShape.Srs => what is HookEvent.Unpublish or HookEvent.Stop or HookEvent.Record,
        _ => false,
    };
}

/// <summary>How hooks are told what happened: at least once, the events of one stream in their order.</summary>
public sealed class HookDelivery
{
    /// <summary>Events that wait, over all hooks; more are dropped and counted.</summary>
    public int MaxWaiting { get; set; } = 10_000;

    /// <summary>Deliveries at the same time.</summary>
    public int MaxUnderWay { get; set; } = 16;

    /// <summary>Pause before the second attempt; it doubles with each one after it, and a random part of a quarter is added.</summary>
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest such pause.</summary>
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>An event that could not be delivered for this long is dropped and counted.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Where events wait, so that those that a process leaves when it ends or is killed are delivered by its next run, with the ends of the publishers and
    /// viewers that it had. Empty: below the data folder.
    /// </summary>
    public string Folder { get; set; } = "";
}
