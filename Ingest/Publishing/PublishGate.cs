using Tributary.Grains.Access;
using Tributary.Grains.Access.Hooks;
using Tributary.Grains.Access.Tokens;
using Tributary.Grains.LiveStreams;

namespace Tributary.Ingest.Publishing;

/// <summary>
/// Who may publish: by key, token, address and hooks where the host has an <see cref="AccessPolicy"/>, else by key alone. Tells hooks who began and who
/// ended.
/// </summary>
public sealed class PublishGate(PublishKeys keys, TimeProvider time, AccessRules? rules = null, AccessPolicy? policy = null, HookTeller? teller = null)
{
    internal ValueTask<AccessDecision> Decide(PublishTarget target, Guid session, CancellationToken cancellation)
    {
        if (target.Pulled)
        {
            return ValueTask.FromResult(AccessDecision.Yes);   // the cluster itself wanted it
        }

        var verdict = keys.Judge(target, rules?.Find(target.StreamName).KeyHash ?? "", out var sentence);
        if (policy is null)
        {
            return ValueTask.FromResult(
                verdict is KeyVerdict.Right or KeyVerdict.Anonymous ? AccessDecision.Yes : new AccessDecision(AccessReason.CredentialWrong, sentence));
        }

        return policy.Decide(new AccessRequest(AccessAction.Publish, target.StreamName, target.Remote.Address, Credentials.Read(target.Query, ""))
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

    internal void Began(PublishTarget target, Guid session) => teller?.Tell(Event(HookEvent.Publish, target, session));

    internal void Ended(PublishTarget target, Guid session, string why) => teller?.Tell(Event(HookEvent.Unpublish, target, session) with { Reason = why });

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
