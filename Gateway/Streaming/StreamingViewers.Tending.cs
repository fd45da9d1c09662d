namespace Tributary.Gateway.Streaming;

// Streams are kept open while they are watched, and let go.
public sealed partial class StreamingViewers
{
    static readonly TimeSpan Sweep = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Sweep, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await Tend();
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }

        await Stop();
    }

    /// <summary>Keeps the streams of viewers open, and lets go of what nobody watches.</summary>
    internal async Task Tend()
    {
        Outlet[] all, idle;
        lock (_gate)
        {
            all = [.. _outlets.Values];
            idle = [.. all.Where(IsOver)];
            foreach (var outlet in idle)
            {
                _outlets.Remove((outlet.Stream.Name, outlet.Stream.Format));
            }
        }

        foreach (var outlet in idle)
        {
            await outlet.Close();
        }

        foreach (var byName in all.GroupBy(static outlet => outlet.Stream.Name))
        {
            var viewers = byName.Sum(static outlet => outlet.Viewers);
            if (viewers > 0)
            {
                await windows.Open(byName.Key);   // counts as use; opens it again if it was let go
            }

            if (windows.Find(byName.Key) is { } window)
            {
                window.LongLived = viewers;
            }
        }
    }

    bool IsOver(Outlet outlet) =>
        outlet.Viewers == 0 && (outlet.Stream.Ended || time.GetElapsedTime(outlet.EmptySince) > options.Value.Linger);

    async Task Stop()
    {
        Outlet[] all;
        WriterLoop[] loops;
        lock (_gate)
        {
            (_stopped, all, loops) = (true, [.. _outlets.Values], _loops ?? []);
            _outlets.Clear();
        }

        foreach (var loop in loops)
        {
            loop.Dispose();
        }

        foreach (var outlet in all)
        {
            await outlet.Close();
        }
    }
}
