using Microsoft.Extensions.Options;

namespace Tributary.Grains.Access;

/// <summary>One line per mistake in the section "Access"; says nothing of secrets.</summary>
sealed class AccessValidation : IValidateOptions<AccessOptions>
{
    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        string[] problems = [.. Lists(options), .. Rules(options), .. Tokens(options), .. Limits(options), .. Hooks(options)];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    static IEnumerable<string> Lists(AccessOptions options) =>
        from list in options.Rules.Select(static rule => rule.Addresses).Append(options.Addresses)
        from text in (string[])[.. list.PlayFrom, .. list.PlayNotFrom, .. list.PublishFrom, .. list.PublishNotFrom]
        where !AddressRange.TryParse(text, out _)
        select $"Access: '{text}' is no address (192.0.2.7) and no network (10.0.0.0/8).";

    static IEnumerable<string> Rules(AccessOptions options) => options.Rules.Where(static rule => !StreamPattern.IsValid(rule.Streams))
        .Select(static rule => $"Access:Rules: '{rule.Streams}' is no stream's name, nor a pattern of names with '*'.")
        .Concat(options.TrustedProxies.Where(static text => !AddressRange.TryParse(text, out _)).Select(static text => $"Access:TrustedProxies: '{text}' is no address and no network."));

    static IEnumerable<string> Tokens(AccessOptions options)
    {
        if (options.Tokens.Keys.Values.Any(static secret => secret.Length < 16))
        {
            yield return "Access:Tokens:Keys: a secret has at least 16 characters.";
        }

        if (options.Jwt.Secret.Length is > 0 and < 32)
        {
            yield return "Access:Jwt:Secret has at least 32 characters (RFC 7518 §3.2), or none.";
        }

        if (options.Jwt.KeysUrl.Length > 0 && !IsHttp(options.Jwt.KeysUrl))
        {
            yield return "Access:Jwt:KeysUrl is an http or https address, or empty.";
        }

        if (options.Tokens.Tolerance < TimeSpan.Zero || options.Tokens.Tolerance > TimeSpan.FromMinutes(10) || options.Jwt.KeysAge <= TimeSpan.Zero
            || options.Jwt.KeysTimeout <= TimeSpan.Zero)
        {
            yield return "Access: Tokens:Tolerance is 0 to 10 minutes; Jwt:KeysAge and Jwt:KeysTimeout are positive.";
        }
    }

    static IEnumerable<string> Limits(AccessOptions options)
    {
        var (sessions, lockout, delivery) = (options.Sessions, options.Lockout, options.Delivery);
        if (sessions.Lifetime <= TimeSpan.Zero || sessions.Lifetime > TimeSpan.FromDays(30) || sessions.Idle <= TimeSpan.Zero || sessions.RefusalAge < TimeSpan.Zero
            || sessions.MaxRemembered <= 0 || sessions.TicketSecret.Length is > 0 and < 16)
        {
            yield return "Access:Sessions: Lifetime is up to 30 days, Idle and MaxRemembered positive, RefusalAge not negative, TicketSecret at least 16 characters or empty.";
        }

        if (lockout.Failures < 0 || lockout.Within <= TimeSpan.Zero || lockout.For <= TimeSpan.Zero || lockout.MaxAddresses <= 0)
        {
            yield return "Access:Lockout: Failures is not negative, Within, For and MaxAddresses are positive.";
        }

        if (delivery.MaxWaiting <= 0 || delivery.MaxUnderWay <= 0 || delivery.FirstPause <= TimeSpan.Zero || delivery.LongestPause < delivery.FirstPause
            || delivery.GiveUpAfter < TimeSpan.Zero)
        {
            yield return "Access:Delivery: limits and pauses are positive, LongestPause not below FirstPause, GiveUpAfter not negative.";
        }
    }

    static IEnumerable<string> Hooks(AccessOptions options) => options.Hooks.SelectMany(Problems);

    static IEnumerable<string> Problems(AccessHook hook)
    {
        if (!IsHttp(hook.Url))
        {
            yield return "Access:Hooks: Url is an http or https address.";
        }

        if (hook.Shape == HookShape.Signed && hook.Secret.Length < 16)
        {
            yield return "Access:Hooks: a hook of the shape Signed has a Secret of at least 16 characters.";
        }

        if (hook.Shape == HookShape.MediaMtx && hook.Tells is { Length: > 0 })
        {
            yield return "Access:Hooks: the shape MediaMtx has no form for events: it can be asked, not told.";
        }

        if (hook.Asks?.Any(static about => about is not (HookEvent.Publish or HookEvent.Play)) ?? false)
        {
            yield return "Access:Hooks: a hook can be asked about Publish and Play.";
        }

        if (hook.Timeout <= TimeSpan.Zero || hook.MaxAsking <= 0)
        {
            yield return "Access:Hooks: Timeout and MaxAsking are positive.";
        }
    }

    static bool IsHttp(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https");
}
