using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Tributary.Grains.Access;

namespace Tributary.Gateway.Access;

// How a viewer who comes again is known: by its ticket, or by what it showed.
public sealed partial class PlayGate
{
    PlayAdmission? ByTicket(PlayRequest request)
    {
        if (QueryText.Find(request.Query, "ticket") is not { } text)
        {
            return null;
        }

        if (!_tickets.TryRead(text, request.Stream, request.Address, _time.GetUtcNow(), out var ticket))
        {
            return Credentials.Read(request.Query, request.Authorization).IsEmpty && _rules.Find(request.Stream).Mode != AccessMode.Public
                ? PlayAdmission.Refused(AccessReason.Expired, "The time of this session is over, or the ticket is for somebody else.")
                : null;
        }

        if (!MayBeHere(request))
        {
            return PlayAdmission.Refused(AccessReason.Address, "This stream is not for this address.");
        }

        // A gateway that did not write the ticket meets the viewer by it.
        var key = ByTicket(request.Stream, ticket.Session);
        var session = _sessions.Find(key);
        if (session is null)
        {
            var made = new PlaySession(ticket.Session, request, _time.GetUtcNow()) { Ticket = text };
            made.Decide(AccessDecision.Yes with { Ends = ticket.Expires });
            session = _sessions.GetOrAdd(key, made);
        }

        Begin(session);
        return new PlayAdmission(AccessDecision.Yes, text);
    }

    // The viewer's session with a decision that is made or under way.
    async ValueTask<(PlaySessionKey Key, PlaySession Session)> Judged(PlayRequest request)
    {
        var key = KeyOf(request);
        var made = new PlaySession(Guid.NewGuid(), request, _time.GetUtcNow());
        var session = _sessions.Find(key) ?? _sessions.GetOrAdd(key, made);
        if (session.Decision is { IsCompletedSuccessfully: true, Result.Granted: false } && !IsFresh(session))
        {
            _sessions.Forget(key, session);
            session = _sessions.GetOrAdd(key, made);
        }

        if (ReferenceEquals(session, made))
        {
            await Decide(session);
        }

        return (key, session);
    }

    async Task Decide(PlaySession session)
    {
        try
        {
            var decision = await _policy.Decide(Of(session.Request, session.Id), CancellationToken.None);
            if (decision.Granted)
            {
                var expires = Earlier(decision.Ends, session.Since + _options.Lifetime);
                session.Ticket = _tickets.Write(session.Request.Stream, new PlayTicket(session.Id, expires), decision.Bound);
                _sessions.GetOrAdd(ByTicket(session.Request.Stream, session.Id), session);
            }

            session.Decide(decision);
        }
        catch
        {
            session.Decide(new AccessDecision(AccessReason.Unknown, "It cannot be decided right now."));   // nobody waits for ever
            throw;
        }
    }

    bool IsFresh(PlaySession session) => _time.GetUtcNow() - session.Since < _options.RefusalAge;

    bool IsOver(PlaySession session, AccessDecision decision)
    {
        var now = _time.GetUtcNow();
        return now >= decision.Ends || now - session.Since >= _options.Lifetime;
    }

    static PlaySessionKey ByTicket(string stream, Guid session) => new(stream, null, BinaryPrimitives.ReadUInt128LittleEndian(session.ToByteArray()), -1);

    PlaySessionKey KeyOf(PlayRequest request)
    {
        var shown = Credentials.Read(request.Query, request.Authorization);
        var text = shown.IsEmpty ? "agent\0" + request.Agent : $"shown\0{shown.Token}\0{shown.User}\0{shown.Password}";
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return new PlaySessionKey(request.Stream, request.Address, BinaryPrimitives.ReadUInt128LittleEndian(hash), _rules.Version);
    }
}
