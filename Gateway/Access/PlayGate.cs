using Microsoft.Extensions.Options;
using Tributary.Grains.Access;
using Tributary.Grains.Access.Hooks;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Gateway.Access;

/// <summary>
/// Lets viewers in, once each: who comes again, for the next playlist, part or segment, is known by its ticket or by what it showed, and nothing is asked.
/// Streams that everybody may play cost a look-up.
/// </summary>
public sealed partial class PlayGate
{
    static readonly TimeSpan FirstRules = TimeSpan.FromSeconds(3);
    static readonly string[] InQuery = ["token", "jwt", "pass"];

    readonly AccessRules _rules;
    readonly AccessPolicy _policy;
    readonly PlayTickets _tickets;
    readonly PlaySessions _sessions;
    readonly HookTeller _teller;
    readonly AccessMetrics _metrics;
    readonly AccessSessions _options;
    readonly TimeProvider _time;
    readonly bool _isWatched;

    public PlayGate(
        AccessRules rules, AccessPolicy policy, HookAsker hooks, HookTeller teller, PlayTickets tickets, PlaySessions sessions, AccessMetrics metrics,
        IOptions<AccessOptions> options, TimeProvider time)
    {
        (_rules, _policy, _tickets, _sessions, _teller, _metrics, _options, _time) = (rules, policy, tickets, sessions, teller, metrics, options.Value.Sessions, time);
        _isWatched = hooks.Asks(AccessAction.Play) || teller.Tells(HookEvent.Play) || teller.Tells(HookEvent.Stop) || !rules.Everywhere.Play.IsEmpty;
        sessions.Over = session => Ended(session.TryEnd(), session.Request, session.Id, "idle");
    }

    /// <summary>Whether everybody may play the stream and nobody wants to know who does.</summary>
    public bool IsOpen(string stream) => !_isWatched && _rules.IsKnown && _rules.Find(stream).IsOpen;

    /// <summary>Whether the stream is shown to nobody who may not play it.</summary>
    public bool IsPrivate(string stream) => _rules.Find(stream).Mode == AccessMode.Private;

    /// <summary>Decides on one of many requests of a viewer: a playlist, a segment. <paramref name="watches"/>: hooks are told of it.</summary>
    internal async ValueTask<PlayAdmission> Admit(PlayRequest request, bool watches = true)
    {
        if (await Ready(request.Stream) is { } settled)
        {
            return settled;
        }

        if (ByTicket(request) is { } known)
        {
            return known;
        }

        var (key, session) = await Judged(request);
        var decision = await session.Decision;
        if (decision.Granted && IsOver(session, decision))
        {
            // Whoever shows the same again is judged again.
            _sessions.Forget(key, session);
            (_, session) = await Judged(request);
            decision = await session.Decision;
            if (decision.Granted && IsOver(session, decision))
            {
                return PlayAdmission.Refused(AccessReason.Expired, "The time of this session is over.");
            }
        }

        if (decision.Granted && watches)
        {
            Begin(session);
        }

        return new PlayAdmission(decision, IsShownInQuery(request.Query) ? session.Ticket : "");
    }

    /// <summary>Decides on a viewer that holds its connection, and tells hooks when it begins and, at the end of the result, when it stopped.</summary>
    internal async ValueTask<PlayHold> Hold(PlayRequest request)
    {
        if (await Ready(request.Stream) is { } settled)
        {
            return new PlayHold(settled.Decision, null, _time, null);
        }

        var id = Guid.NewGuid();
        var decision = await DecideHold(request, id);
        if (!decision.Granted)
        {
            return new PlayHold(decision, null, _time, null);
        }

        _metrics.SessionBegan();
        Tell(HookEvent.Play, request, id, "");
        var ends = Earlier(decision.Ends, _time.GetUtcNow() + _options.Lifetime);
        return new PlayHold(decision, ends, _time, why => Ended(true, request, id, why));
    }

    // Each held connection is a viewer of its own, but a refusal is not asked for twice in a moment.
    async ValueTask<AccessDecision> DecideHold(PlayRequest request, Guid id)
    {
        var ticket = QueryText.Find(request.Query, "ticket");
        if (ticket is not null && _tickets.TryRead(ticket, request.Stream, request.Address, _time.GetUtcNow(), out var read) && MayBeHere(request))
        {
            return AccessDecision.Yes with { Ends = read.Expires };
        }

        var key = KeyOf(request) with { Address = request.Address };
        if (_sessions.Find(key) is { Decision: { IsCompletedSuccessfully: true, Result: { Granted: false } refusal } } refused && IsFresh(refused))
        {
            return refusal;
        }

        var decision = await _policy.Decide(Of(request, id), CancellationToken.None);
        if (!decision.Granted)
        {
            var session = new PlaySession(id, request, _time.GetUtcNow());
            session.Decide(decision);
            _sessions.GetOrAdd(key, session);
        }

        return decision;
    }

    // Null: the viewer has to be judged.
    async ValueTask<PlayAdmission?> Ready(string stream)
    {
        if (!_rules.IsKnown)
        {
            await Task.WhenAny(_rules.Known, Task.Delay(FirstRules, _time));
        }

        return IsOpen(stream) ? PlayAdmission.Open
            : !_rules.IsKnown ? PlayAdmission.Refused(AccessReason.Unknown, "The cluster does not answer right now.")
            : null;
    }

    void Begin(PlaySession session)
    {
        if (session.TryTell())
        {
            _metrics.SessionBegan();
            Tell(HookEvent.Play, session.Request, session.Id, "");
        }
    }

    void Ended(bool began, PlayRequest request, Guid id, string why)
    {
        if (began)
        {
            Tell(HookEvent.Stop, request, id, why);
        }
    }

    void Tell(HookEvent what, PlayRequest request, Guid id, string why) => _teller.Tell(new StreamEvent(what, request.Stream, _time.GetUtcNow())
    {
        Session = id, Address = request.Address.ToString(), Protocol = request.Protocol, UserAgent = request.Agent, Query = request.Query, Reason = why,
    });

    bool MayBeHere(PlayRequest request) =>
        _rules.Everywhere.Play.Allows(request.Address) && _rules.Find(request.Stream).Play.Allows(request.Address);

    static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset other) => one is { } first && first < other ? first : other;

    static bool IsShownInQuery(string query) => Array.Exists(InQuery, name => QueryText.Find(query, name) is { Length: > 0 });

    static AccessRequest Of(PlayRequest request, Guid id) => new(AccessAction.Play, request.Stream, request.Address, Credentials.Read(request.Query, request.Authorization))
    {
        Session = id, Protocol = request.Protocol, Query = request.Query, TcUrl = request.TcUrl, UserAgent = request.Agent,
    };
}
