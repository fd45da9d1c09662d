using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Tributary.Grains.Frames;

/// <summary>The streams whose frames this host has, by name.</summary>
public sealed class FrameChannels(IOptions<FrameChannelOptions> options, FrameMetrics metrics)
{
    readonly ConcurrentDictionary<string, FrameChannel> _channels = new(StringComparer.Ordinal);

    public int Count => _channels.Count;

    public bool TryGet(string stream, out FrameChannel? channel) => _channels.TryGetValue(stream, out channel);

    /// <summary>The channel of a stream, made where there is none. Throws <see cref="InvalidOperationException"/> over the limit.</summary>
    public FrameChannel Open(string stream)
    {
        if (_channels.TryGetValue(stream, out var channel))
        {
            return channel;
        }

        if (_channels.Count >= options.Value.MaxStreams)
        {
            metrics.StreamRefused();
            throw new InvalidOperationException($"This host already keeps the frames of {options.Value.MaxStreams} streams (Frames:MaxStreams).");
        }

        return _channels.GetOrAdd(stream, static (name, context) => new FrameChannel(name, context.options.Value, context.metrics), (options, metrics));
    }

    /// <summary>Forgets a stream that nobody on this host publishes any more; what followed it gets no more frames from here.</summary>
    public void Close(string stream)
    {
        if (_channels.TryRemove(stream, out var channel))
        {
            channel.Clear();
        }
    }
}
