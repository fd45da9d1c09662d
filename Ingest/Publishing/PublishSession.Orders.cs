using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;

namespace Tributary.Ingest.Publishing;

// What its stream's grain decides.
public sealed partial class PublishSession
{
    public Task Granted(StreamLease lease)
    {
        _hub.GoOnAir(lease);
        return Task.CompletedTask;
    }

    public Task Revoked(long epoch, PublishEnd reason, bool goesOn)
    {
        if (Volatile.Read(ref _disposed) != 0)
        {
            return Task.CompletedTask;   // the grain's answer to our own good-bye
        }

        _hub.Stop();
        _hub.Tell(goesOn ? StreamSignal.SourceChanged : StreamSignal.SourceLost);
        if (reason != PublishEnd.Switched)
        {
            End(reason);
        }

        return Task.CompletedTask;
    }

    public Task<SourceReport> Stop(long epoch)
    {
        _hub.Stop();
        _hub.Tell(StreamSignal.SourceChanged);
        return Task.FromResult(_hub.Report(_request, final: true));
    }

    public Task Yield(long epoch)
    {
        _hub.Yield(epoch);
        return Task.CompletedTask;
    }

    public Task EmitSyncPoints(SyncPointOrder order)
    {
        _hub.Emit(order);
        return Task.CompletedTask;
    }

    Task<TimeSpan> IPublisherObserver.Silence() => Task.FromResult(_hub.Silence);
}
