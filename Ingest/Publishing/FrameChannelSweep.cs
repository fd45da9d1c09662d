using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;

namespace Tributary.Ingest.Publishing;

/// <summary>Gives back the frames of streams that nobody has published here for longer than viewers are kept waiting.</summary>
sealed partial class FrameChannelSweep(
    FrameChannels channels, IOptions<LiveStreamOptions> live, TimeProvider time, ILogger<FrameChannelSweep> log) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var stream in channels.IdleFor(live.Value.Hold + Interval))
            {
                LogSwept(stream);
                channels.Close(stream);
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "Frames of stream {Stream} given back: nobody publishes it here any more")]
    partial void LogSwept(string stream);
}
