using Tributary.Grains.Access;
using Tributary.Grains.Access.Hooks;
using Tributary.Grains.Access.Tokens;
using Tributary.Grains.KLive;
using Tributary.Grains.LiveStreams;

namespace Tributary.Ingest.Publishing;

/// <summary>
/// Who may publish: entries of the platform by what it says of their tokens, other streams by key, token, address and hooks where the host has an
/// <see cref="AccessPolicy"/>, else by key alone. Tells hooks and the platform who began and who ended.
/// </summary>
public sealed class PublishGate(
    PublishKeys keys, TimeProvider time, AccessRules? rules = null, AccessPolicy? policy = null, HookTeller? teller = null, EntryAdmission? entries = null,
    EntryBroadcasts? broadcasts = null)
{
    internal async ValueTask<PublishDecision> Decide(PublishTarget target, Guid session, CancellationToken cancellation)
    {
        if (target.Pulled)
        {
            return new PublishDecision(AccessDecision.Yes, null);   // the cluster itself wanted it
        }

        var entry = entries is null ? EntryAnswer.None : await entries.Decide(Claim(target));
        if (entry.Verdict is EntryVerdict.Refused or EntryVerdict.Unanswered)
        {
            return new PublishDecision(new AccessDecision(AccessReason.CredentialWrong, entry.Sentence), null);
        }

        EntryPlace? place = entry.Verdict == EntryVerdict.Admitted ? new EntryPlace(target.StreamName, entry.Partner, target.Slot, target.Application, entry.Records) : null;
        var verdict = keys.Judge(target, rules?.Find(target.StreamName).KeyHash ?? "", out var sentence);
        (verdict, sentence) = entry.Verdict switch
        {
            EntryVerdict.Admitted => (KeyVerdict.Right, ""),
            EntryVerdict.WrongToken => (KeyVerdict.Wrong, entry.Sentence),
            _ => (verdict, sentence),
        };
        return new PublishDecision(await Judge(target, session, verdict, sentence, cancellation), place);
    }

    static EntryClaim Claim(PublishTarget target) => new(
        target.StreamName, target.Partner, target.Key ?? "", target.Slot, target.Rendition.ToString(System.Globalization.CultureInfo.InvariantCulture),
        target.Application == "kLive" ? target.Application : "", target.Remote.Address);

    async ValueTask<AccessDecision> Judge(PublishTarget target, Guid session, KeyVerdict verdict, string sentence, CancellationToken cancellation)
    {
        if (policy is null)
        {
            return verdict is KeyVerdict.Right or KeyVerdict.Anonymous ? AccessDecision.Yes : new AccessDecision(AccessReason.CredentialWrong, sentence);
        }

        return await policy.Decide(new AccessRequest(AccessAction.Publish, target.StreamName, target.Remote.Address, Credentials.Read(target.Query, ""))
        {
            Session = session,
            Protocol = target.Protocol,
            Query = target.Query,
            TcUrl = target.TcUrl,
            UserAgent = target.Agent,
            Key = verdict,
            KeySentence = sentence,
            GivenKey = target.Key ?? "",
        }, cancellation);
    }

    internal void Began(PublishTarget target, PublishSession session, Guid id, PublishDecision decision)
    {
        if (decision.Access.Ends is { } end)
        {
            session.EndAt(end);
        }

        teller?.Tell(Event(HookEvent.Publish, target, id));
        session.Ended.UnsafeRegister(_ => teller?.Tell(Event(HookEvent.Unpublish, target, id) with { Reason = session.EndedBy?.ToString() ?? "" }), null);
        if (decision.Place is { } entry && broadcasts is not null)
        {
            broadcasts.Begin(entry, new BroadcastSource(id, () => session.FirstMsn, session.Playable, () => session.Revoked(0, PublishEnd.Operator, goesOn: false))
            {
                Address = target.Remote.Address.ToString(), Metadata = () => session.Metadata, RoundTrip = () => session.RoundTrip,
            });
            session.Gone.ContinueWith(_ => broadcasts.End(entry, id), TaskScheduler.Default);
        }
    }

    internal static PublishRefusalReason ReasonOf(AccessReason reason) => reason switch
    {
        AccessReason.Address or AccessReason.LockedOut => PublishRefusalReason.AddressRefused,
        AccessReason.Hook or AccessReason.HookDown => PublishRefusalReason.HookRefused,
        _ => PublishRefusalReason.KeyRefused,
    };

    StreamEvent Event(HookEvent what, PublishTarget target, Guid session) => new(what, target.StreamName, time.GetUtcNow())
    {
        Session = session, Address = target.Remote.Address.ToString(), Protocol = target.Protocol, UserAgent = target.Agent, Query = target.Query,
    };
}

/// <summary>Whether somebody may publish, and as which entry of the platform.</summary>
readonly record struct PublishDecision(AccessDecision Access, EntryPlace? Place);
