using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Tributary.Grains.Frames;

/// <summary>The streams whose frames this host has, by name.</summary>
public sealed class FrameChannels(IOptions<FrameChannelOptions> options, FrameMetrics metrics, TimeProvider time)
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

        return _channels.GetOrAdd(stream, static (name, context) =>
            new FrameChannel(name, context.options.Value, context.metrics, context.time), (options, metrics, time));
    }

    /// <summary>Streams that nothing was published to for <paramref name="limit"/>.</summary>
    public IReadOnlyList<string> IdleFor(TimeSpan limit) => [.. _channels.Values.Where(channel => channel.Idle > limit).Select(channel => channel.Stream)];

    /// <summary>Gives back the frames of a stream, and forgets it where nobody on this host follows it.</summary>
    public void Close(string stream)
    {
        if (_channels.TryGetValue(stream, out var channel) && channel.TryGiveUp())
        {
            _channels.TryRemove(new KeyValuePair<string, FrameChannel>(stream, channel));
        }
    }
}
