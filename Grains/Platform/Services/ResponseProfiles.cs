using System.Globalization;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Sessions;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>Stored selections of properties, which a request names by number or system name instead of spelling them out.</summary>
public sealed class ResponseProfiles(Objects objects) : IServiceModule
{
    const string Kind = "responseProfile";

    public void Register(ServiceTable table) => new Crud(objects, "responseprofile", Kind, "ResponseProfile", id => PlatformException.Of("RESPONSE_PROFILE_ID_NOT_FOUND", id))
    {
        ValueName = "addResponseProfile", UpdateName = "updateResponseProfile", Platform = true, Reading = CallAccess.Session, Prepare = Prepare,
    }.Register(table);

    async Task Prepare(Call call, PlatformObject profile)
    {
        profile["status"] = 1L;
        profile["version"] = 1L;
        if (profile.Text("systemName") is { Length: > 0 } name && await objects.Store.First(Kind, call.Partner, new Test("systemName", TestKind.In, name)) is not null)
        {
            throw PlatformException.Of("RESPONSE_PROFILE_DUPLICATE_SYSTEM_NAME", name);
        }
    }

    /// <summary>
    /// The properties that a request wants: as it spells them, or of the profile that it names, of its own partner or of the platform. Null: all.
    /// </summary>
    public async ValueTask<(long Type, string Fields)?> Wanted(object? raw, RawMap request)
    {
        if (raw is RawMap map && map.Text("fields") is { Length: > 0 } fields)
        {
            return (RawValue.TryLong(map.TryGetValue("type", out var type) ? type : null, out var kind) ? kind : 1, fields);
        }

        var (id, name) = raw is RawMap holder ? (holder.Text("id"), holder.Text("systemName")) : Named(RawValue.Text(raw));
        if (id.Length == 0 && name.Length == 0)
        {
            return null;
        }

        var found = id.Length > 0 ? await objects.Store.Read(Kind, id) : await objects.Store.First(Kind, PartnerOf(request), new Test("systemName", TestKind.In, name));
        var visible = found is not null && (found.Partner == 0 || found.Partner == PartnerOf(request));
        return visible ? (found!.Value.Long("type", 1), found.Value.Text("fields"))
            : id.Length > 0 ? throw PlatformException.Of("RESPONSE_PROFILE_ID_NOT_FOUND", id)
            : throw PlatformException.Of("RESPONSE_PROFILE_NAME_NOT_FOUND", name);
    }

    static (string Id, string Name) Named(string text) => text.Length > 0 && text.All(char.IsAsciiDigit) ? (text, "") : ("", text);

    // The call was answered: its session is one, and was verified.
    static int PartnerOf(RawMap request) =>
        int.TryParse(request.Text("partnerId"), CultureInfo.InvariantCulture, out var named) && named > 0 ? named : Ks.TryReadPartner(request.Text("ks"), out var own) ? own : 0;
}
