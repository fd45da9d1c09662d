using System.Security.Cryptography;
using System.Text;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Sessions;

namespace Tributary.Grains.Platform.Services;

/// <summary>Sessions: started with a partner's secret, for a player, for another partner; looked at; ended.</summary>
public sealed class SessionService(Partners partners, RevocationCache revocations, Objects objects, Lazy<PlatformApi> api) : IServiceModule
{
    const int LongestDays = 3_650;

    public void Register(ServiceTable table)
    {
        table.Add("session", "start", CallAccess.Open, Start);
        table.Add("session", "startWidgetSession", CallAccess.Open, StartWidget);
        table.Add("session", "impersonate", CallAccess.Open, Impersonate);
        table.Add("session", "get", CallAccess.Session, Get);
        table.Add("session", "end", CallAccess.Session, End);
    }

    async Task<object?> Start(Call call)
    {
        var partner = call.Arguments.Has("partnerId") ? (int?)call.Long("partnerId") : call.Partner != 0 ? call.Partner : await OnlyCustomer();
        var type = call.Arguments.Int("type");
        var secret = call.Text("secret");
        var account = partner is { } id ? await partners.Find(id) : null;
        if (account is null || !(Holds(account.AdminSecrets, secret) || type < 1 && Holds(account.UserSecrets, secret)))
        {
            throw PlatformException.Of("START_SESSION_ERROR", partner is null ? "" : partner);
        }

        return Sign(account, SessionOf(account.Id, call, type), type >= 1 ? account.AdminSecrets : account.AllSecrets);
    }

    // A server for one customer: a client that names no partner means that one.
    async Task<int?> OnlyCustomer()
    {
        var all = await objects.Store.Find(new Storage.ObjectQuery("partner") { Where = new Storage.Test("id", Storage.TestKind.AtLeast, "100"), Take = 2 });
        return all.Total == 1 ? all.Objects[0].Value.Int("id") : null;
    }

    async Task<object?> StartWidget(Call call)
    {
        var widget = call.Text("widgetId");
        var partner = await PartnerOfWidget(widget) ?? throw PlatformException.Of("INVALID_WIDGET_ID", widget);
        var account = await partners.Find(partner);
        if (account is null || account.AllSecrets.Length == 0)
        {
            throw PlatformException.Of("START_WIDGET_SESSION_ERROR", widget);
        }

        if (account.IsBlocked)
        {
            throw PlatformException.Of("SERVICE_FORBIDDEN_CONTENT_BLOCKED");
        }

        var ks = new Ks { Partner = partner, ValidUntil = objects.Now + Expiry(call), Type = 0, User = "0", Privileges = "view:*,widget:1" };
        return new PlatformObject("StartWidgetSessionResponse") { { "partnerId", (long)partner }, { "ks", Sign(account, ks, account.AllSecrets) }, { "userId", "0" } };
    }

    async Task<int?> PartnerOfWidget(string widget) =>
        widget.StartsWith('_') && int.TryParse(widget.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture, out var partner) && partner > 0 ? partner
        : (await objects.Store.Read("widget", widget))?.Partner;

    async Task<object?> Impersonate(Call call)
    {
        var master = call.Arguments.Has("partnerId") ? (int)call.Long("partnerId") : call.Caller.Partner;
        var target = (int)call.Long("impersonatedPartnerId");
        var (by, account) = (await partners.Find(master), await partners.Find(target));
        var may = by is not null && (master is Partners.MediaServers or Partners.Batch or Partners.Console || master == target) && Holds(by.AdminSecrets, call.Text("secret"));
        if (!may || account is null)
        {
            throw PlatformException.Of("START_SESSION_ERROR", master);
        }

        var type = call.Arguments.Int("type");
        return Sign(account, SessionOf(target, call, type) with { MasterPartner = master }, type >= 1 ? account.AdminSecrets : account.AllSecrets);
    }

    async Task<object?> Get(Call call)
    {
        var ks = call.Text("session") is { Length: > 0 } other ? await Other(call, other) : call.Caller.Ks;
        return ks is null ? throw PlatformException.Of("MISSING_KS") : new PlatformObject("SessionInfo")
        {
            { "ks", call.Text("session") is { Length: > 0 } given ? given : call.Caller.KsText },
            { "sessionType", (long)ks.Type },
            { "partnerId", (long)ks.Partner },
            { "userId", ks.User },
            { "expiry", ks.ValidUntil },
            { "privileges", ks.Privileges },
        };
    }

    // Somebody's own sessions only: to look at another one is not to use it.
    async Task<Ks?> Other(Call call, string text)
    {
        var other = await api.Value.Verify(text, call.Facts, used: false);
        return other.Partner == call.Caller.Partner && call.Caller.IsAdmin ? other.Ks : throw SessionCheck.Refusal(text, SessionFault.InvalidPartner);
    }

    async Task<object?> End(Call call)
    {
        if (call.Caller is { Ks: { } ks, IsWidget: false } && ks.Partner != Partners.Batch)
        {
            await revocations.Revoke(ks);
        }

        return null;
    }

    Ks SessionOf(int partner, Call call, int type) => new()
    {
        Partner = partner,
        ValidUntil = objects.Now + Expiry(call),
        Type = type,
        User = call.Text("userId"),
        Privileges = call.Text("privileges"),
    };

    static long Expiry(Call call) => Math.Clamp(call.Long("expiry", 86_400), 0, LongestDays * 86_400L);

    /// <summary>Signs in the second form.</summary>
    public static string Sign(Account account, Ks ks, string[] secrets) => secrets.Length > 0
        ? KsV2.Sign(ks, secrets[0], RandomNumberGenerator.GetBytes(16))
        : throw PlatformException.Of("START_SESSION_ERROR", account.Id);

    static bool Holds(string[] secrets, string given) => given.Length > 0 && secrets.Any(secret =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(secret)), SHA256.HashData(Encoding.UTF8.GetBytes(given))));
}
