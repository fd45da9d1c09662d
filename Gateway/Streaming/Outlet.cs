using Orleans.Streams;
using Tributary.Grains.Frames;

namespace Tributary.Gateway.Streaming;

/// <summary>A stream in a format, and who watches it.</summary>
sealed class Outlet(MuxedStream stream)
{
    public MuxedStream Stream => stream;

    public int Viewers { get; set; }

    public long EmptySince { get; set; }

    public StreamSubscriptionHandle<FrameBatch>? Subscription { get; set; }

    public async Task Close()
    {
        if (Subscription is { } subscription)
        {
            await subscription.UnsubscribeAsync();
        }

        stream.Dispose();
    }
}
