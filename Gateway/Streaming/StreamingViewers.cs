using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using Tributary.Gateway.Live;
using Tributary.Grains.Frames;
using Tributary.Media.Frames;

namespace Tributary.Gateway.Streaming;

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

    [LoggerMessage(LogLevel.Warning, "Stream {Stream} could not be opened for a long-lived viewer: {Reason}")]
    partial void LogNotOpened(string stream, string reason);

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
