using System.Globalization;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Sessions;

namespace Tributary.Grains.Platform.Calls;

/// <summary>
/// The platform's API in this process. A call is checked in this order: service and action exist; the session is valid; the caller may call it, for the
/// partner that it names; the parameters are what the schema says. Then its handler runs. Everything that a client is told is a
/// <see cref="PlatformException"/>.
/// </summary>
public sealed class PlatformApi(ServiceTable table, Partners partners, RevocationCache revocations, TimeProvider time)
{
    static readonly HashSet<string> NoSpoofing = ["session.start", "session.impersonate", "user.login", "user.loginByLoginId", "partner.getSecrets"];

    readonly Binder _binder = new(Schema.Instance, time);

    public async Task<object?> Call(ApiRequest request)
    {
        // 1. What is called.
        var (action, access, handler) = table.Find(request.Service, request.Action);

        // 2. Who calls, and for whom.
        var caller = request.Caller ?? await Identify(request);
        var partner = await TargetOf(action, access, caller, request);
        var account = await partners.Find(partner) ?? (access == CallAccess.Open || partner <= 0 ? Nobody : throw PlatformException.Of("UNKNOWN_PARTNER_ID", partner));
        if (account.IsBlocked && access != CallAccess.Open)
        {
            throw PlatformException.Of("SERVICE_FORBIDDEN_CONTENT_BLOCKED");
        }

        CheckAccess(action, access, caller, account);

        // 3. With what.
        var arguments = _binder.Parameters(action, request.Parameters, request.Files.Keys.ToHashSet(StringComparer.Ordinal));
        return await handler(new Call(action, arguments, caller, partner, account, request));
    }

    static Account Nobody { get; } = new(new PlatformObject("Partner") { { "id", 0L } }, new HashSet<string>());

    async ValueTask<Caller> Identify(ApiRequest request)
    {
        var text = request.Parameters.Text("ks");
        return text.Length == 0 ? Caller.Anonymous : await Verify(text, request.Facts, used: true);
    }

    /// <summary>
    /// Who a session is of. <paramref name="used"/>: an action is done with it, which counts where it has a limit of them. Throws INVALID_KS.
    /// </summary>
    public async ValueTask<Caller> Verify(string text, RequestFacts facts, bool used)
    {
        if (!Ks.TryReadPartner(text, out var partner) || await partners.Find(partner) is not { } account || !Ks.TryParse(text, account.AllSecrets, out var ks))
        {
            throw SessionCheck.Refusal(text, SessionFault.InvalidString);
        }

        var fault = SessionCheck.Check(ks, time.GetUtcNow().ToUnixTimeSeconds(), facts.Ip, facts.Uri);
        if (fault == SessionFault.None && partner != Partners.Batch && !ks.Rights.Names("widget") && await revocations.IsRevoked(ks))
        {
            fault = SessionFault.LoggedOut;
        }

        if (fault == SessionFault.None && used && !await revocations.Count(ks))
        {
            fault = SessionFault.ExceededActionsLimit;
        }

        // An administrator's session must be signed with an administrator's secret: a user's secret is in more hands.
        if (fault == SessionFault.None && ks.IsAdmin && !Ks.TryParse(text, account.AdminSecrets, out _))
        {
            fault = SessionFault.InvalidType;
        }

        return fault == SessionFault.None
            ? new Caller { Partner = partner, User = ks.User, IsAdmin = ks.IsAdmin, Rights = ks.Rights, Ks = ks, KsText = text }
            : throw SessionCheck.Refusal(text, fault);
    }

    // The partner that the action is for: the session's, or the one that is named where the session may act for others.
    async ValueTask<int> TargetOf(ActionType action, CallAccess access, Caller caller, ApiRequest request)
    {
        var name = action.Parameters.Any(parameter => parameter.Name == "partnerId") || NoSpoofing.Contains($"{action.Service}.{action.Name}") ? "" : request.Parameters.Text("partnerId");
        var text = name.Length > 0 ? name : request.Parameters.Text("p");
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var named) || named == caller.Partner)
        {
            return caller.Partner;
        }

        if (caller.IsMediaServer || caller.IsInternal)
        {
            return named == 0 ? caller.Partner : await partners.Find(named) is not null ? named : throw PlatformException.Of("UNKNOWN_PARTNER_ID", named);
        }

        return named == 0 || access == CallAccess.Open ? (caller.IsAnonymous ? named : caller.Partner)
            : caller.IsAnonymous ? throw PlatformException.Of("MISSING_KS")
            : throw Forbidden(action);
    }

    static void CheckAccess(ActionType action, CallAccess access, Caller caller, Account account)
    {
        if (access == CallAccess.Open || caller.IsInternal)
        {
            return;
        }

        if (caller.IsAnonymous)
        {
            throw PlatformException.Of("MISSING_KS");
        }

        var allowed = caller.IsMediaServer ? MediaServerRights.Instance.Allows(action, account.Id > 0)
            : access == CallAccess.MediaServer ? caller.IsAdmin && account.Has("MEDIA_SERVER_PARTNER_LEVEL") && MediaServerRights.Instance.AllowsPartner(action)
            : access != CallAccess.User && access != CallAccess.Admin || !caller.IsWidget;
        if (!allowed)
        {
            throw Forbidden(action);
        }

        if (access == CallAccess.Admin && !caller.IsAdmin)
        {
            throw SessionCheck.Refusal(caller.KsText, SessionFault.InvalidType);
        }
    }

    static PlatformException Forbidden(ActionType action) => PlatformException.Of("SERVICE_FORBIDDEN", $"{action.Service}->{action.Name}");
}
