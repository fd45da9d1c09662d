using Tributary.Grains.LiveStreams;

namespace Tributary.Gateway.Api;

/// <summary>Why a stream is as it is, in a sentence for people.</summary>
static class StreamReasons
{
    public static string WhyOnAir(LiveStreamDescription stream)
    {
        if (stream.Slots.FirstOrDefault(slot => slot.OnAir) is not { } source)
        {
            return stream.State == StreamState.Held
                ? $"Nothing is on air since the last source ended ({stream.LastEnd?.ToString() ?? "unknown"}); viewers wait for the next."
                : "Nobody publishes it.";
        }

        var others = stream.Slots.Length - 1;
        return $"Slot {source.Slot} ({(source.Slot == 0 ? "primary" : "backup")}) from {source.Request.Encoder} at node {source.Request.Node} holds epoch "
            + $"{stream.Epoch}; {(others == 0 ? "there is no other source." : "the other slot stands by.")}";
    }
}
