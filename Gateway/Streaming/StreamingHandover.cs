using Tributary.Gateway.Live;
using Tributary.Grains.ServerNodes;

namespace Tributary.Gateway.Streaming;

/// <summary>
/// The long-lived viewers of a draining gateway. Where there is another gateway each is ended before its next key frame, so that it has whole pictures
/// up to where it goes on there; who comes meanwhile is sent there. Where there is none they stay as long as the node may take.
/// </summary>
sealed class StreamingHandover(StreamingViewers viewers, ViewerHandover handover) : IDrainedWork
{
    public async Task<WorkLeft> HandOver(CancellationToken cancellation)
    {
        if (!await handover.HasOther())
        {
            return new WorkLeft(0, viewers.Count);
        }

        viewers.Leave(atOnce: false);
        return new WorkLeft(viewers.Count, 0);
    }

    public Task End()
    {
        viewers.Leave(atOnce: true);
        return Task.CompletedTask;
    }
}
