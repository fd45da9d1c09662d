using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.LiveEntries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>
/// Who runs the platform (partner -2) blocks a partner and lets it go on: nothing of it is published or served meanwhile, and its encoders are sent away at
/// once. It holds over a restart, unless the configuration blocks the partner.
/// </summary>
public sealed class PartnerBlocking(Objects objects, Partners partners, EntryStore entries) : IServiceModule
{
    public const long Active = 1;

    public void Register(ServiceTable table) => table.Add("varconsole_varconsole", "updateStatus", CallAccess.Admin, UpdateStatus);

    async Task<object?> UpdateStatus(Call call)
    {
        if (!call.Caller.IsInternal)
        {
            throw PlatformException.Of("SERVICE_FORBIDDEN", $"{call.Action.Service}->{call.Action.Name}");
        }

        var (id, status) = ((int)call.Long("id"), call.Long("status"));
        if (id <= 0 || await objects.Store.Read("partner", Objects.Id(id)) is null)
        {
            throw PlatformException.Of("UNKNOWN_PARTNER_ID", id);
        }

        await objects.Change("partner", Objects.Id(id), value => (value["status"], value["_status"]) = (status, status));
        partners.Forget(id);
        if (status != Active)
        {
            var onAir = await objects.Store.All(LiveEntryGrain.RowKind, id);
            await Task.WhenAll(onAir.Select(row => row.Value.Text("entryId")).Distinct().Select(entries.SendEncodersAway));
        }

        return null;
    }
}
