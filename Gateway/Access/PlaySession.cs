using Tributary.Grains.Access;

namespace Tributary.Gateway.Access;

/// <summary>Somebody who wants to watch, as the request came.</summary>
/// <param name="Stream">A name of the allow-list.</param>
/// <param name="Address">From where.</param>
/// <param name="Protocol">For people and hooks: <c>hls</c>, <c>dash</c>, <c>flv</c>, <c>ts</c>, <c>rtmp</c> …</param>
/// <param name="Query">The query as it came; may hold secrets.</param>
/// <param name="Authorization">The Authorization field; holds a secret.</param>
/// <param name="Agent">What the player calls itself.</param>
sealed record PlayRequest(string Stream, System.Net.IPAddress Address, string Protocol, string Query, string Authorization, string Agent)
{
    public string TcUrl { get; init; } = "";

    // Secrets stay out of whatever prints it.
    public override string ToString() => $"{Protocol} {Address} plays '{Stream}'";
}

/// <summary>By what one viewer's requests are known: what it shows, or, where it shows nothing, what its player calls itself.</summary>
/// <param name="Shown">SHA-256 of that, in part.</param>
/// <param name="Rules">Version of the rules under which it was judged.</param>
readonly record struct PlaySessionKey(string Stream, System.Net.IPAddress? Address, UInt128 Shown, long Rules);

/// <summary>A viewer and what was decided about it.</summary>
sealed class PlaySession(Guid id, PlayRequest request, DateTimeOffset since)
{
    readonly TaskCompletionSource<AccessDecision> _decision = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _told;

    public Guid Id => id;

    public PlayRequest Request => request;

    public DateTimeOffset Since => since;

    /// <summary>All requests of the viewer wait for one decision.</summary>
    public Task<AccessDecision> Decision => _decision.Task;

    /// <summary>What goes into its playlists' addresses where its credential came in one; empty while nothing is decided.</summary>
    public string Ticket { get; set; } = "";

    /// <summary>Timestamp of its last request.</summary>
    public long Seen;

    /// <summary>True once, where hooks know that it watches: the caller tells them that it stopped.</summary>
    public bool TryEnd() => Interlocked.CompareExchange(ref _told, 2, 1) == 1;

    public void Decide(AccessDecision decision) => _decision.TrySetResult(decision);

    /// <summary>True once: the caller tells hooks that it watches.</summary>
    public bool TryTell() => Volatile.Read(ref _told) == 0 && Interlocked.CompareExchange(ref _told, 1, 0) == 0;
}

/// <summary>What a request is told.</summary>
/// <param name="Decision">Whether it may.</param>
/// <param name="Ticket">What goes into the addresses of its playlists; empty: nothing.</param>
readonly record struct PlayAdmission(AccessDecision Decision, string Ticket)
{
    /// <summary>Nobody controls access to the stream.</summary>
    public static PlayAdmission Open { get; } = new(AccessDecision.Yes, "");

    public static PlayAdmission Refused(AccessReason reason, string sentence) => new(new AccessDecision(reason, sentence), "");
}
