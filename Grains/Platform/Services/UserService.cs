using System.Security.Cryptography;
using System.Text;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Sessions;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>Users of a partner, and their login by password.</summary>
public sealed class UserService(Objects objects, Partners partners) : IServiceModule
{
    const int Iterations = 210_000, HashBytes = 32, MaxTries = 10, BlockSeconds = 300;

    public void Register(ServiceTable table)
    {
        table.Add("user", "add", CallAccess.Admin, Add);
        table.Add("user", "get", CallAccess.User, Get);
        table.Add("user", "getByLoginId", CallAccess.Admin, async call => Shown((await ByLogin(call.Text("loginId"), call.Partner) ?? throw Unknown(call.Text("loginId"))).Value));
        table.Add("user", "list", CallAccess.Admin, async call => await objects.List(call, "user", "UserListResponse", Shown));
        table.Add("user", "update", CallAccess.Admin, Update);
        table.Add("user", "delete", CallAccess.Admin, Delete);
        table.Add("user", "enableLogin", CallAccess.Admin, EnableLogin);
        table.Add("user", "disableLogin", CallAccess.Admin, DisableLogin);
        table.Add("user", "login", CallAccess.Open, call => Login(call, call.Text("userId"), (int)call.Long("partnerId")));
        table.Add("user", "loginByLoginId", CallAccess.Open, call => Login(call, call.Text("loginId"), call.Arguments.Has("partnerId") ? (int)call.Long("partnerId") : null));
    }

    async Task<object?> Add(Call call)
    {
        var user = call.Object("user");
        var id = user.Text("id");
        if (id.Length == 0)
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_CANNOT_BE_NULL", "KalturaUser::id");
        }

        if (await objects.Store.Read("user", KeyOf(call.Partner, id)) is not null)
        {
            throw PlatformException.Of("DUPLICATE_USER_BY_ID", id);
        }

        SetPassword(user, user.Text("password"));
        user["status"] = user["status"] ?? 1L;
        await objects.Add("user", user, call.Partner, KeyOf(call.Partner, id));
        return Shown(await objects.Change("user", KeyOf(call.Partner, id), value => value["id"] = id));
    }

    async Task<object?> Get(Call call)
    {
        var id = call.Text("userId", call.Caller.User);
        return !call.Caller.IsAdmin && id != call.Caller.User
            ? throw PlatformException.Of("CANNOT_RETRIEVE_ANOTHER_USER_USING_NON_ADMIN_SESSION", id)
            : Shown((await Required(call, id)).Value);
    }

    async Task<object?> Update(Call call)
    {
        var (stored, changes) = (await Required(call, call.Text("userId")), call.Object("user"));
        SetPassword(changes, changes.Text("password"));
        changes.Remove("id");
        return Shown(await objects.Update(stored, changes));
    }

    async Task<object?> Delete(Call call)
    {
        var stored = await Required(call, call.Text("userId"));
        await objects.Store.Remove("user", stored.Id);
        return Shown(stored.Value);
    }

    async Task<object?> EnableLogin(Call call)
    {
        var stored = await Required(call, call.Text("userId"));
        return Shown(await objects.Change("user", stored.Id, value =>
        {
            SetPassword(value, call.Text("password"));
            (value["_login"], value["loginEnabled"]) = (call.Text("loginId").ToLowerInvariant(), true);
        }));
    }

    async Task<object?> DisableLogin(Call call)
    {
        var stored = call.Text("userId") is { Length: > 0 } id ? await Required(call, id) : await ByLogin(call.Text("loginId"), call.Partner) ?? throw Unknown(call.Text("loginId"));
        return Shown(await objects.Change("user", stored.Id, value => (value["loginEnabled"], value["_password"]) = (false, null)));
    }

    // The same answer, after the same work, for a wrong password and for a user that is not there.
    async Task<object?> Login(Call call, string login, int? partner)
    {
        var user = partner is { } of && await objects.Store.Read("user", KeyOf(of, login)) is { } own ? own : await ByLogin(login, partner);
        if (user is not null && user.Value.Long("_blockedUntil") > objects.Now)
        {
            throw PlatformException.Of("LOGIN_BLOCKED");
        }

        var right = Matches(call.Text("password"), user?.Value.Text("_password") ?? "");
        if (user is null || !right)
        {
            await CountFailure(user);
            throw PlatformException.Of("USER_WRONG_PASSWORD");
        }

        var account = await partners.Find(user.Partner) ?? throw PlatformException.Of("UNKNOWN_PARTNER_ID", user.Partner);
        await objects.Change("user", user.Id, value => (value["_failures"], value["lastLoginTime"]) = (0L, objects.Now));
        var admin = user.Value.Truth("isAdmin");
        var ks = new Ks
        {
            Partner = user.Partner,
            ValidUntil = objects.Now + Math.Clamp(call.Long("expiry", 86_400), 1, 30 * 86_400L),
            Type = admin ? 2 : 0,
            User = user.Value.Text("id"),
            Privileges = call.Text("privileges", "*") is "*" && !admin ? "" : call.Text("privileges", "*"),
        };
        return SessionService.Sign(account, ks, admin ? account.AdminSecrets : account.AllSecrets);
    }

    async Task CountFailure(StoredObject? user)
    {
        if (user is not null)
        {
            await objects.Change("user", user.Id, value =>
            {
                value["_failures"] = value.Long("_failures") + 1;
                if (value.Long("_failures") >= MaxTries)
                {
                    (value["_failures"], value["_blockedUntil"]) = (0L, objects.Now + BlockSeconds);
                }
            });
        }
    }

    async Task<StoredObject> Required(Call call, string id) => await objects.Find(call, "user", KeyOf(call.Partner, id)) ?? throw Unknown(id);

    async Task<StoredObject?> ByLogin(string login, int? partner) => login.Length == 0 ? null
        : await objects.Store.First("user", partner, new Test("_login", TestKind.In, login.ToLowerInvariant()))
            ?? await objects.Store.First("user", partner, new Test("email", TestKind.In, login), Test.Equal("loginEnabled", 1));

    static void SetPassword(PlatformObject user, string password)
    {
        user.Remove("password");
        if (password.Length > 0)
        {
            var salt = RandomNumberGenerator.GetBytes(16);
            user["_password"] = $"{Convert.ToHexStringLower(salt)}:{Convert.ToHexStringLower(Derive(password, salt))}";
            user["loginEnabled"] = true;
        }
    }

    static bool Matches(string password, string stored)
    {
        var parts = stored.Split(':');
        var (salt, expected) = parts.Length == 2 ? (Convert.FromHexString(parts[0]), Convert.FromHexString(parts[1])) : (new byte[16], []);
        return CryptographicOperations.FixedTimeEquals(Derive(password, salt), expected);
    }

    static byte[] Derive(string password, byte[] salt) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password.Length <= 1_024 ? password : password[..1_024]), salt, Iterations, HashAlgorithmName.SHA256, HashBytes);

    static PlatformObject Shown(PlatformObject user)
    {
        var shown = user.Copy();
        shown.Remove("password");
        return shown;
    }

    static PlatformException Unknown(string id) => PlatformException.Of("INVALID_USER_ID", id);

    static string KeyOf(int partner, string id) => $"{Objects.Id(partner)}.{(id.Length <= 200 ? id : id[..200])}";
}
