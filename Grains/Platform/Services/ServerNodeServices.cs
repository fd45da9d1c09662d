using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.LiveEntries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>Media servers by their host names.</summary>
public sealed class MediaServerNodes(Objects objects, IOptions<PlatformOptions> options)
{
    public const string Kind = "serverNode";
    public const long Enabled = 1, Disabled = 2, NotRegistered = 4, NotOperational = 5;

    readonly System.Collections.Concurrent.ConcurrentDictionary<string, (long Node, long At)> _active = new(StringComparer.Ordinal);

    public Task<StoredObject?> ByHost(string host) =>
        host.Length == 0 ? Task.FromResult<StoredObject?>(null) : objects.Store.First(Kind, null, Test.Equal("hostName", host));

    /// <summary>The number of the media server with this host name that is not disabled; null: there is none. May be a second old.</summary>
    public async ValueTask<long?> Active(string host)
    {
        if (_active.TryGetValue(host, out var known) && objects.Now - known.At <= 1)
        {
            return known.Node;
        }

        if (await ByHost(host) is not { } stored || stored.Value.Long("status") == Disabled)
        {
            _active.TryRemove(host, out _);
            return null;
        }

        if (_active.Count > 10_000)
        {
            _active.Clear();
        }

        var node = stored.Value.Long("id");
        _active[host] = (node, objects.Now);
        return node;
    }

    /// <summary>As a client is shown it: one that did not report in time is not registered.</summary>
    public PlatformObject Show(PlatformObject node)
    {
        var late = node.Long("heartbeatTime") is > 0 and var beat && objects.Now - beat > (long)options.Value.HeartbeatLifetime.TotalSeconds;
        if (!late || node.Long("status") != Enabled)
        {
            return node;
        }

        var shown = node.Copy();
        shown["status"] = NotRegistered;
        return shown;
    }
}

/// <summary>Server nodes, by today's service and by the one of older media servers.</summary>
public sealed class ServerNodeServices(Objects objects, MediaServerNodes nodes) : IServiceModule
{
    static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["WowzaMediaServerNode"] = "wowza.WOWZA_MEDIA_SERVER",
        ["LiveClusterMediaServerNode"] = "liveCluster.LIVE_CLUSTER_MEDIA_SERVER",
        ["EdgeServerNode"] = "1",
    };

    public void Register(ServiceTable table)
    {
        table.Add("servernode", "add", CallAccess.Admin, Add);
        table.Add("servernode", "get", CallAccess.Admin, async call => nodes.Show((await Required(call)).Value));
        table.Add("servernode", "list", CallAccess.Admin, List);
        table.Add("servernode", "update", CallAccess.Admin, async call => nodes.Show(await objects.Update(await Required(call), call.Object("serverNode"))));
        table.Add("servernode", "enable", CallAccess.Admin, call => SetStatus(call, MediaServerNodes.Enabled));
        table.Add("servernode", "disable", CallAccess.Admin, call => SetStatus(call, MediaServerNodes.Disabled));
        table.Add("servernode", "markOffline", CallAccess.Admin, call => SetStatus(call, MediaServerNodes.NotRegistered));
        table.Add("servernode", "delete", CallAccess.Admin, Delete);
        table.Add("servernode", "reportStatus", CallAccess.Admin, Report);
        table.Add("servernode", "getFullPath", CallAccess.Admin, FullPath);
        table.Add("mediaserver", "reportStatus", CallAccess.Admin, ReportLegacy);
    }

    async Task<object?> Add(Call call)
    {
        var node = call.Object("serverNode");
        Require(node.Has("hostName"), "hostName");
        Require(node.Has("name"), "name");
        return await Make(call, node, MediaServerNodes.Disabled);
    }

    static void Require(bool fulfilled, string property)
    {
        if (!fulfilled)
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_CANNOT_BE_NULL", $"KalturaServerNode::{property}");
        }
    }

    async Task<PlatformObject> Make(Call call, PlatformObject node, long status)
    {
        if (await nodes.ByHost(node.Text("hostName")) is { } old)
        {
            throw PlatformException.Of("HOST_NAME_ALREADY_EXISTS", old.Value.Text("hostName"));
        }

        node["type"] = Types.GetValueOrDefault(node.Type, "1");
        node["status"] = status;
        node["dc"] = 0L;
        node["heartbeatTime"] = node["heartbeatTime"] ?? 0L;
        return await objects.Add(MediaServerNodes.Kind, node, call.Partner);
    }

    // A filter for one kind of server finds those and what is below it.
    async Task<object?> List(Call call)
    {
        var filter = call.Optional("filter")?.Type.Replace("BaseFilter", "", StringComparison.Ordinal).Replace("Filter", "", StringComparison.Ordinal) ?? "ServerNode";
        var type = Types.TryGetValue(filter, out var named) ? new[] { (Condition)Test.Equal("type", named) } : [];
        return await objects.List(call, MediaServerNodes.Kind, "ServerNodeListResponse", nodes.Show, also: type);
    }

    async Task<object?> SetStatus(Call call, long status) =>
        await objects.Change(MediaServerNodes.Kind, (await Required(call)).Id, value => (value["status"], value["updatedAt"]) = (status, objects.Now));

    async Task<object?> Delete(Call call)
    {
        await objects.Store.Remove(MediaServerNodes.Kind, (await Required(call)).Id);
        return null;
    }

    async Task<object?> Report(Call call)
    {
        var host = call.Text("hostName");
        if (await nodes.ByHost(host) is not { } stored)
        {
            var node = call.Optional("serverNode") ?? throw PlatformException.Named("SERVER_NODE_NOT_FOUND", "HOST_NAME", host);
            node["hostName"] = host;
            node["heartbeatTime"] = objects.Now;
            return await Make(call, node, MediaServerNodes.Disabled);   // an administrator enables it
        }

        return call.Sees(stored.Partner) ? nodes.Show(await Beat(stored, call.Optional("serverNode"))) : throw PlatformException.Named("SERVER_NODE_NOT_FOUND", "HOST_NAME", host);
    }

    Task<PlatformObject> Beat(StoredObject stored, PlatformObject? said) => objects.Change(MediaServerNodes.Kind, stored.Id, value =>
    {
        if (said is not null)
        {
            Objects.Apply(value, said);
        }

        value["heartbeatTime"] = objects.Now;
        value["status"] = value.Long("status") is MediaServerNodes.NotOperational or MediaServerNodes.NotRegistered ? MediaServerNodes.Enabled : value["status"];
    });

    async Task<object?> ReportLegacy(Call call)
    {
        var host = call.Text("hostname");
        var node = await nodes.ByHost(host) is { } stored && call.Sees(stored.Partner) ? await Beat(stored, null)
            : await Make(call, new PlatformObject("WowzaMediaServerNode") { { "name", host }, { "hostName", host }, { "heartbeatTime", objects.Now } }, MediaServerNodes.Disabled);
        return new PlatformObject("MediaServer")
        {
            { "id", node["id"] }, { "createdAt", node["createdAt"] }, { "updatedAt", node["updatedAt"] }, { "dc", node["dc"] }, { "hostname", host },
        };
    }

    async Task<object?> FullPath(Call call)
    {
        var host = call.Text("hostName");
        var stored = await nodes.ByHost(host);
        return stored is not null && call.Sees(stored.Partner) ? $"{call.Text("protocol", "http")}://{host}" : throw PlatformException.Named("SERVER_NODE_NOT_FOUND", "HOST_NAME", host);
    }

    async Task<StoredObject> Required(Call call)
    {
        var id = call.Text("serverNodeId");
        return await objects.Find(call, MediaServerNodes.Kind, id) ?? throw PlatformException.Named("SERVER_NODE_NOT_FOUND", "SERVER_NODE_ID", id);
    }
}

/// <summary>Registrations of media servers, as objects.</summary>
public sealed class EntryServerNodeService(Objects objects, EntryStore entries) : IServiceModule
{
    static readonly string[] Free = ["streams", "recordingInfo", "isPlayableUser", "viewMode", "featuresUpdatedAt", "viewModeUpdatedAt"];

    public void Register(ServiceTable table)
    {
        table.Add("entryservernode", "list", CallAccess.User, List);
        table.Add("entryservernode", "get", CallAccess.User, async call => (await Required(call)).Value);
        table.Add("entryservernode", "update", CallAccess.MediaServer, Update);
        table.Add("entryservernode", "updateStatus", CallAccess.MediaServer, UpdateStatus);
        table.Add("entryservernode", "validateRegisteredEntryServerNode", CallAccess.MediaServer, Validate);
    }

    // What is over and was not yet removed is not listed.
    async Task<object?> List(Call call) => await objects.List(
        call, LiveEntryGrain.RowKind, "EntryServerNodeListResponse", also: new Test("_expiresAt", TestKind.AtLeast, Objects.Id(objects.Now - 30)));

    async Task<object?> Update(Call call)
    {
        var (stored, said) = (await Required(call), call.Object("entryServerNode"));
        return await objects.Change(LiveEntryGrain.RowKind, stored.Id, value =>
        {
            foreach (var name in Free.Where(said.Names))
            {
                value[name] = said[name];
            }
        });
    }

    async Task<object?> UpdateStatus(Call call)
    {
        var stored = await Required(call);
        return await entries.GrainOf(stored.Value.Text("entryId")).SetStatus(stored.Value.Long("id"), call.Arguments.Int("status"))
            ? (await Required(call)).Value : throw Missing(stored.Value);
    }

    async Task<object?> Validate(Call call)
    {
        await entries.GrainOf((await Required(call)).Value.Text("entryId")).Validate();
        return null;
    }

    async Task<StoredObject> Required(Call call) => await objects.Find(call, LiveEntryGrain.RowKind, call.Text("id"))
        ?? throw PlatformException.Of("ENTRY_SERVER_NODE_NOT_FOUND", call.Text("id"), "");

    static PlatformException Missing(PlatformObject row) => PlatformException.Of("ENTRY_SERVER_NODE_NOT_FOUND", row.Text("entryId"), row.Text("serverType"));
}
