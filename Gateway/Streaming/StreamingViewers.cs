using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using Tributary.Gateway.Live;
using Tributary.Grains.Frames;
using Tributary.Media.Frames;

namespace Tributary.Gateway.Streaming;

/// <summary>What came of asking for an endless response.</summary>
public enum StreamingOutcome
{
    Open,

    /// <summary>The stream is not on air.</summary>
    OffAir,

    /// <summary>As many viewers or streams as the gateway may have.</summary>
    LimitReached,

    /// <summary>The cluster does not answer.</summary>
    Unavailable,
}

/// <summary>
/// The long-lived viewers of this gateway: finds or opens the stream in the wanted format, gives the viewer to the writer loop that has the fewest, and
/// comes back when it is gone. A stream that has viewers is kept open and its viewers are told to its grain with the others.
/// </summary>
public sealed partial class StreamingViewers(
    LiveWindows windows,
    [FromKeyedServices(FrameStreamProvider.ProviderName)] IStreamProvider frames,
    StreamingMetrics metrics,
    IOptions<StreamingOptions> options,
    TimeProvider time,
    ILogger<StreamingViewers> log) : BackgroundService
{
    static readonly TimeSpan Sweep = TimeSpan.FromSeconds(2);

    // The bytes of muxed frames: apart from those of the frames themselves, so that each can be counted.
    static readonly FramePool Muxed = new();

    readonly Dictionary<(string Stream, StreamFormat Format), Outlet> _outlets = [];
    readonly Lock _gate = new();
    WriterLoop[]? _loops;
    int _viewers;
    bool _stopped;

    /// <summary>Viewers now.</summary>
    public int Count => Volatile.Read(ref _viewers);

    /// <summary>The gateway drains: ends the viewers that are here now, each before its next key frame, or at once.</summary>
    internal void Leave(bool atOnce)
    {
        foreach (var loop in Volatile.Read(ref _loops) ?? [])
        {
            loop.Leave(atOnce);
        }
    }

    /// <summary>Takes a place and the stream; <see cref="Seat.Watch"/> or <see cref="Seat.Dispose"/> follows.</summary>
    internal async ValueTask<(StreamingOutcome Outcome, Seat? Seat)> TryOpen(string stream, StreamFormat format)
    {
        if (Interlocked.Increment(ref _viewers) > options.Value.MaxViewers)
        {
            Interlocked.Decrement(ref _viewers);
            metrics.Refused();
            return (StreamingOutcome.LimitReached, null);
        }

        var seat = default(Seat);
        try
        {
            var (outcome, window) = await windows.Open(stream);
            if (outcome != WindowOutcome.Open)
            {
                return (outcome switch
                {
                    WindowOutcome.OffAir => StreamingOutcome.OffAir,
                    WindowOutcome.LimitReached => StreamingOutcome.LimitReached,
                    _ => StreamingOutcome.Unavailable,
                }, null);
            }

            seat = new Seat(this, await Enter(window!, format));
            return (StreamingOutcome.Open, seat);
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException or InvalidOperationException)
        {
            LogNotOpened(stream, exception.Message);
            return (StreamingOutcome.Unavailable, null);
        }
        finally
        {
            if (seat is null)
            {
                Interlocked.Decrement(ref _viewers);
            }
        }
    }

    async Task<Outlet> Enter(OpenWindow window, StreamFormat format)
    {
        Outlet? outlet;
        var isNew = false;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            if (!_outlets.TryGetValue((window.Stream, format), out outlet) || outlet.Stream.Ended)
            {
                isNew = true;
                outlet = new Outlet(new MuxedStream(window.Stream, format, options.Value, metrics, Muxed));
                _outlets[(window.Stream, format)] = outlet;
            }

            outlet.Viewers++;
        }

        if (isNew)
        {
            try
            {
                outlet.Subscription = await frames.GetStream<FrameBatch>(FrameStreamHosting.FramesOf(window.Stream)).SubscribeAsync(outlet.Stream);
            }
            catch
            {
                Leave(outlet);
                throw;
            }
        }

        return outlet;
    }

    async Task<ViewerEnd> Watch(Outlet outlet, Viewer viewer)
    {
        metrics.Joined(outlet.Stream.Format);
        Loop().Add(viewer, outlet.Stream);
        var end = await viewer.Gone;
        metrics.Ended(outlet.Stream.Format, end);
        return end;
    }

    WriterLoop Loop()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            _loops ??= [.. Enumerable.Range(0, options.Value.WritersOrDefault).Select(number => new WriterLoop(number, options.Value, metrics))];
            return _loops.MinBy(static loop => loop.Viewers)!;
        }
    }

    void Leave(Outlet outlet)
    {
        Interlocked.Decrement(ref _viewers);
        lock (_gate)
        {
            outlet.Viewers--;
            outlet.EmptySince = time.GetTimestamp();
        }
    }

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

    [LoggerMessage(LogLevel.Warning, "Stream {Stream} could not be opened for a long-lived viewer: {Reason}")]
    partial void LogNotOpened(string stream, string reason);

    /// <summary>A stream in a format, and who watches it.</summary>
    internal sealed class Outlet(MuxedStream stream)
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

    /// <summary>A viewer's place at an open stream.</summary>
    internal sealed class Seat(StreamingViewers viewers, Outlet outlet) : IDisposable
    {
        bool _left;

        /// <summary>Gives the viewer to a writer loop; comes back when it is gone and nobody touches its output any more.</summary>
        public Task<ViewerEnd> Watch(Viewer viewer) => viewers.Watch(outlet, viewer);

        public void Dispose()
        {
            if (!_left)
            {
                _left = true;
                viewers.Leave(outlet);
            }
        }
    }
}
