using Microsoft.Extensions.Hosting;
using Tributary.Grains.Access;
using Tributary.Grains.Access.Hooks;

namespace Tributary.Grains.Recordings;

/// <summary>Tells hooks of the files of each volume that is complete on this node, also by repair after a crash. It hears recorders to their last volume: it ends after them.</summary>
sealed class RecordingHooks(RecordingEvents events, TimeProvider time, HookTeller? teller = null) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        events.VolumeEnded += Tell;
        events.VolumeRepaired += Tell;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        events.VolumeEnded -= Tell;
        events.VolumeRepaired -= Tell;
        return Task.CompletedTask;
    }

    void Tell(RecordingEvent volume)
    {
        if (teller?.Tells(HookEvent.Record) != true)
        {
            return;
        }

        foreach (var file in JournalFolder.MediaOf(volume.Path))
        {
            teller.Tell(new StreamEvent(HookEvent.Record, volume.Stream, time.GetUtcNow())
            {
                Protocol = "record", File = $"{volume.Entry}/{Path.GetFileName(file)}", Duration = volume.Duration,
            });
        }
    }
}
