using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.LiveEntries;

/// <summary>
/// Wakes the grains of entries whose registrations should have ended: a grain does that itself while it lives, so there is something to find only after
/// everything was restarted.
/// </summary>
public sealed partial class ExpirySweep(IObjectStore store, IGrainFactory grains, TimeProvider time, ILogger<ExpirySweep> log) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    const int Page = 500;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await Sweep();
            }
            catch (Exception exception) when (exception is not OperationCanceledException)   // of the store or of silos: the next sweep finds the same
            {
                LogFailed(exception.Message);
            }
        }
    }

    async Task Sweep()
    {
        var overdue = time.GetUtcNow().ToUnixTimeSeconds() - (long)Interval.TotalSeconds;
        var found = await store.Find(new ObjectQuery(LiveEntryGrain.RowKind)
        {
            Where = new Test("_expiresAt", TestKind.AtMost, overdue.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            OrderBy = "_expiresAt",
            Descending = false,
            Take = Page,
        });
        foreach (var entry in found.Objects.Select(row => row.Value.Text("entryId")).Distinct())
        {
            await grains.GetGrain<ILiveEntryGrain>(entry).Validate();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Live registrations that are over could not be ended: {Why}")]
    partial void LogFailed(string why);
}
