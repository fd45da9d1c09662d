using System.Text;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access.Hooks;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Grains.Access;

/// <summary>
/// Decides whether somebody may publish or play, once per publisher and once per viewer: 1. whether the address guesses or is on a list, 2. what the key
/// or token is worth, 3. what the stream asks for, 4. what hooks say. No grain is asked.
/// </summary>
public sealed class AccessPolicy(
    AccessRules rules, JwtKeys keys, HookAsker hooks, Lockout lockout, AccessMetrics metrics, IOptions<AccessOptions> options, TimeProvider time)
{
    readonly Dictionary<string, byte[]> _secrets = options.Value.Tokens.Keys.ToDictionary(
        static pair => pair.Key, static pair => Encoding.UTF8.GetBytes(pair.Value), StringComparer.Ordinal);

    public async ValueTask<AccessDecision> Decide(AccessRequest request, CancellationToken cancellation)
    {
        var decision = await Judge(request, cancellation);
        metrics.Decided(request.Action, decision.Reason);
        return decision;
    }

    async ValueTask<AccessDecision> Judge(AccessRequest request, CancellationToken cancellation)
    {
        // 1. Where it comes from.
        if (lockout.Left(request.Address) is { Ticks: > 0 } left)
        {
            return new AccessDecision(AccessReason.LockedOut, "Too many wrong keys or tokens came from this address: try again later.") { RetryAfter = left };
        }

        var rule = rules.Find(request.Stream);
        if (!rules.Everywhere.For(request.Action).Allows(request.Address) || !rule.For(request.Action).Allows(request.Address))
        {
            return new AccessDecision(AccessReason.Address, "This stream is not for this address.");
        }

        // 2. What it shows.
        var (verdict, grant) = await Judge(request);
        if (IsForged(request, verdict, rule))
        {
            return new AccessDecision(AccessReason.CredentialWrong, request.Key == KeyVerdict.Wrong ? request.KeySentence : verdict.Sentence());
        }

        var isProven = verdict == TokenVerdict.Valid || request.Key == KeyVerdict.Right;
        var isOpen = rule.Mode == AccessMode.Public && (request.Action == AccessAction.Play || request.Key is KeyVerdict.Anonymous);

        // 3. What the stream asks for: a hook may know whom it does not.
        if (!isProven && !isOpen && !hooks.MayGrant(request.Action))
        {
            return Refusal(request, verdict);
        }

        // 4. What hooks say.
        var answer = await hooks.Ask(request, cancellation);
        return !answer.Agrees ? new AccessDecision(answer.IsDown ? AccessReason.HookDown : AccessReason.Hook, answer.Sentence) { AsksPassword = answer.AsksPassword }
            : !isProven && !isOpen && !answer.Grants ? Refusal(request, verdict)
            : new AccessDecision(AccessReason.None, "") { Ends = EndOf(grant), Bound = grant.Bound };
    }

    // A wrong token does no harm where none is needed.
    bool IsForged(AccessRequest request, TokenVerdict verdict, StreamRule rule)
    {
        var isWrongKey = request.Key == KeyVerdict.Wrong && verdict != TokenVerdict.Valid;
        var isForged = request.Credentials.Token.Length > 0 && verdict.IsForged() && request.Key != KeyVerdict.Right
            && (rule.Mode != AccessMode.Public || request.Action == AccessAction.Publish && request.Key == KeyVerdict.Missing)
            && !hooks.MayGrant(request.Action);
        if (isWrongKey || isForged)
        {
            lockout.Failed(request.Address, isWrongKey ? request.GivenKey : request.Credentials.Token);
        }

        return isWrongKey || isForged;
    }

    async ValueTask<(TokenVerdict Verdict, TokenGrant Grant)> Judge(AccessRequest request)
    {
        var token = request.Credentials.Token;
        if (token.Length == 0)
        {
            return (TokenVerdict.Malformed, default);
        }

        var use = new TokenUse(request.Action, request.Stream, request.Address, time.GetUtcNow(), options.Value.Tokens.Tolerance);
        if (!Jwt.IsShaped(token))
        {
            return (SignedToken.Verify(token, _secrets, use, out var own), own);
        }

        return await keys.Verify(token, use);
    }

    static AccessDecision Refusal(AccessRequest request, TokenVerdict verdict) => request.Credentials.Token.Length == 0
        ? new AccessDecision(AccessReason.CredentialMissing, request.Key == KeyVerdict.Missing ? request.KeySentence : $"Stream '{request.Stream}' needs a token.")
        : new AccessDecision(verdict == TokenVerdict.Expired ? AccessReason.Expired : AccessReason.CredentialWrong, verdict.Sentence());

    DateTimeOffset? EndOf(TokenGrant grant)
    {
        var expiry = options.Value.Tokens.CutAtExpiry && grant.Expires != default ? grant.Expires : (DateTimeOffset?)null;
        return grant.Ends is { } ends && (expiry is null || ends < expiry) ? ends : expiry;
    }
}
