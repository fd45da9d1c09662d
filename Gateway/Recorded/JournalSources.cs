using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Recordings;
using Tributary.Grains.ServerNodes;

namespace Tributary.Gateway.Recorded;

/// <summary>The nodes whose journals can be read, and the timelines that are open.</summary>
sealed class JournalSources(
    LocalJournals local, InsideAccess access, NodeIdentity node, NodeDirectory nodes, IOptions<RecordedOptions> options, TimeProvider time,
    ILogger<JournalSources> log) : IDisposable
{
    readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = options.Value.NodeTimeout, UseCookies = false, AllowAutoRedirect = false });
    readonly ConcurrentDictionary<(JournalKind, string), OpenTimeline> _open = new();

    /// <summary>Completes when <see cref="Of"/> knows what the cluster does: a gateway that was just started knows no node.</summary>
    public Task Know(IEnumerable<string> names) => names.All(name => name == node.Name) ? Task.CompletedTask : nodes.List();

    /// <summary>Null where the node is not known.</summary>
    public IJournalSource? Of(string name)
    {
        if (name == node.Name)
        {
            return local;
        }

        var address = nodes.Known.FirstOrDefault(known => known.Name == name)?.Report?.Endpoints.GetValueOrDefault("inside");
        return address is null ? null : new RemoteJournals(_http, address, access);
    }

    public OpenTimeline Open(JournalKind kind, string name)
    {
        var timeline = _open.GetOrAdd((kind, name), _ => new OpenTimeline(kind, name, this, time, log));
        if (_open.Count > options.Value.MaxTimelines)
        {
            foreach (var idle in _open.Values.OrderByDescending(static open => open.Idle).Take(_open.Count - options.Value.MaxTimelines))
            {
                _open.TryRemove((idle.Kind, idle.Name), out _);
            }
        }

        return timeline;
    }

    public CancellationTokenSource Patience() => new(options.Value.NodeTimeout);

    public void Dispose() => _http.Dispose();
}
