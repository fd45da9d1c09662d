using Microsoft.AspNetCore.Http;
using Tributary.Grains.ServerNodes;

namespace Tributary.Gateway.Live;

/// <summary>
/// Sends the viewers of a draining gateway to another: playlists answer with a redirect, media is served to the end. Where there is no other gateway
/// it serves on as if nothing were.
/// </summary>
public sealed class ViewerHandover(LiveWindows windows, NodeDirectory nodes, NodeIdentity node, NodeDrain drain) : IDrainedWork
{
    /// <summary>Players fetch something of a live stream within a few seconds; a window that nobody touched for longer has no viewers here.</summary>
    static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    /// <summary>The same address at another gateway; null where this one answers.</summary>
    public string? Elsewhere(HttpRequest request) => drain.IsDraining && Other(nodes.Known, "http") is { } other
        ? $"{other.TrimEnd('/')}{request.PathBase}{request.Path}{request.QueryString}"
        : null;

    /// <summary>Where another gateway plays <paramref name="app"/> by RTMP, as a tcUrl; null where this one does.</summary>
    internal string? RtmpElsewhere(string app) => drain.IsDraining && Other(nodes.Known, "rtmp") is { } other ? $"{other}/{app}" : null;

    internal async Task<bool> HasOther() => Other(await nodes.List(), "http") is not null;

    public async Task<WorkLeft> HandOver(CancellationToken cancellation)
    {
        var watched = windows.WatchedWithin(Quiet);
        return await HasOther() ? new WorkLeft(watched, 0) : new WorkLeft(0, watched);
    }

    public Task End() => Task.CompletedTask;

    string? Other(IEnumerable<NodeDescription> known, string endpoint) =>
        NodeDirectory.LeastBusy(known.Where(other => other.Report?.Endpoints.ContainsKey(endpoint) == true), "gateway", node.Name)?.Report!.Endpoints[endpoint];
}
