using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.Frames.Links;

/// <summary>
/// Brings the frames of streams that other hosts publish to this host's channels: a link per host, a subscription per stream, wherever the
/// stream's grain says that its source is.
/// </summary>
public sealed partial class FrameFeeds(
    FrameChannels channels, NodeIdentity node, IOptions<FrameLinkOptions> options, LinkTls tls, FrameMetrics metrics, TimeProvider time,
    ILogger<FrameFeeds> log)
    : IAsyncDisposable
{
    readonly ConcurrentDictionary<string, FrameLink> _links = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, string> _sources = new(StringComparer.Ordinal);

    /// <summary>Told of a stream whose source cannot be reached any more over its link. It is tried again; perhaps its grain knows another.</summary>
    public event Action<string>? SourceOutOfSight;

    /// <summary>Links to other hosts.</summary>
    public int Links => _links.Count;

    /// <summary>Follows the stream where its frames are now. A directive that names this host, or none, asks nothing of other hosts.</summary>
    public void Direct(string stream, StreamDirective directive)
    {
        if (directive.Node == node.Name)
        {
            End(stream);
            return;
        }

        if (directive.FrameLink.Length == 0 || _sources.TryGetValue(stream, out var known) && known == directive.FrameLink)
        {
            return;   // no source: what is on its way still comes from the old one
        }

        if (options.Value.Secret.Length == 0)
        {
            LogNoSecret(stream, directive.Node);
            return;
        }

        var former = known;
        _sources[stream] = directive.FrameLink;
        if (former is null)
        {
            LinkTo(directive.FrameLink).Follow(stream, onFirstFrame: null);
        }
        else
        {
            _ = FollowAfter(former, directive.FrameLink, stream);
        }
    }

    // What the former source sent to its end comes before the first frame of the next: the same order on every host, so the same segments.
    async Task FollowAfter(string former, string next, string stream)
    {
        if (_links.TryGetValue(former, out var link))
        {
            await Task.WhenAny(link.EndOf(stream), Task.Delay(options.Value.HandOverWait, time));
        }

        if (_sources.TryGetValue(stream, out var source) && source == next)
        {
            LinkTo(next).Follow(stream, onFirstFrame: () => Leave(former, stream));
        }
        else
        {
            Leave(former, stream);
        }
    }

    /// <summary>Completes when what this host has of the stream is as new as it is at its source; at once where the source is this host, or none.</summary>
    public Task CaughtUp(string stream) =>
        _sources.TryGetValue(stream, out var source) && _links.TryGetValue(source, out var link) ? link.CaughtUp(stream) : Task.CompletedTask;

    /// <summary>One that followed the stream on this host does so no more, and has unsubscribed: the last one ends the feed.</summary>
    public void Stop(string stream)
    {
        if (!channels.TryGet(stream, out var channel) || channel!.Subscribers == 0)
        {
            End(stream);
        }
    }

    void End(string stream)
    {
        if (_sources.TryRemove(stream, out var source))
        {
            Leave(source, stream);
        }
    }

    FrameLink LinkTo(string endpoint)
    {
        lock (_links)   // a link starts with its construction: there must not be two
        {
            return _links.GetOrAdd(
                endpoint, name => new FrameLink(name, channels, options.Value, tls, metrics, time, log, lost => SourceOutOfSight?.Invoke(lost)));
        }
    }

    void Leave(string endpoint, string stream)
    {
        if (_links.TryGetValue(endpoint, out var link))
        {
            link.Leave(stream);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var link in _links.Values)
        {
            await link.DisposeAsync();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Stream {Stream} is published at node {Node}, but without Frames:Link:Secret its frames cannot be fetched")]
    partial void LogNoSecret(string stream, string node);
}
