using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using Tributary.Gateway.Metrics;
using Tributary.Grains.Frames;
using Tributary.Grains.Frames.Links;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;

namespace Tributary.Gateway.Live;

/// <summary>
/// The streams that this gateway follows: one window each, opened by the first request and let go when nobody has asked for a while. A request for
/// a stream that is followed costs a look-up; one for a name that is not on air leaves nothing behind.
/// </summary>
public sealed partial class LiveWindows(
    IGrainFactory grains,
    [FromKeyedServices(FrameStreamProvider.ProviderName)] IStreamProvider frames,
    FrameFeeds feeds,
    StreamDirectory directory,
    NodeIdentity node,
    GatewayMetrics metrics,
    IOptions<HlsOptions> options,
    TimeProvider time,
    ILogger<LiveWindows> log) : BackgroundService
{
    readonly ConcurrentDictionary<string, Lazy<Task<OpenWindow>>> _windows = new(StringComparer.Ordinal);

    public int Count => _windows.Count;

    /// <summary>Windows that somebody asked for something within that time.</summary>
    public int WatchedWithin(TimeSpan time) => _windows.Keys.Count(stream => Find(stream) is { } window && window.Idle < time);

    /// <summary>The window of a stream where it is open; does not count as use.</summary>
    public OpenWindow? Find(string stream) =>
        _windows.TryGetValue(stream, out var window) && window is { IsValueCreated: true, Value.IsCompletedSuccessfully: true } ? window.Value.Result : null;

    /// <summary>The window of a stream, opened where it is on air.</summary>
    public async ValueTask<(WindowOutcome Outcome, OpenWindow? Window)> Open(string stream)
    {
        if (Find(stream) is { } known)
        {
            known.Touch();
            return (WindowOutcome.Open, known);
        }

        try
        {
            if (!_windows.ContainsKey(stream) && (await directory.Describe(stream)).State == StreamState.OffAir)
            {
                return (WindowOutcome.OffAir, null);
            }

            if (_windows.Count >= options.Value.MaxWindows && !_windows.ContainsKey(stream))
            {
                metrics.WindowRefused();
                return (WindowOutcome.LimitReached, null);
            }

            var opening = _windows.GetOrAdd(stream, static (name, self) => new(() => self.Follow(name)), this);
            var window = await opening.Value;
            window.Touch();
            return (WindowOutcome.Open, window);
        }
        catch (StreamDirectoryException exception)
        {
            LogUnanswered(stream, exception.InnerException?.Message ?? exception.Message);
            return (WindowOutcome.Unavailable, null);
        }
    }

    async Task<OpenWindow> Follow(string stream)
    {
        var window = new OpenWindow(stream, options.Value, metrics.Timed(Muxers.All), feeds, time);
        try
        {
            window.FindsRenditions = (entry, renditions) => entry.Finding = FollowRenditions(entry, renditions);
            window.DoubtsSource = doubtful => _ = AskAgain(doubtful, lostNode: "");
            window.Reference = grains.CreateObjectReference<ILiveStreamObserver>(window);
            await Register(window, 0);
            window.Subscription = await frames.GetStream<FrameBatch>(FrameStreamHosting.FramesOf(stream)).SubscribeAsync(window);
            // A viewer who comes from another gateway must not find an older live edge here.
            await Task.WhenAny(feeds.CaughtUp(stream), Task.Delay(options.Value.FirstSegmentWait, time));
            await window.Finding;
            LogFollowing(stream);
            return window;
        }
        catch (Exception exception)
        {
            _windows.TryRemove(stream, out _);
            await Release(window);
            throw exception is TimeoutException or OrleansException or InvalidOperationException
                ? new StreamDirectoryException("The stream cannot be followed.", exception)
                : exception;
        }
    }

    // A rendition is a stream of its own; its window belongs to the entry's, and stays as long.
    async Task FollowRenditions(OpenWindow entry, int[] renditions)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // not while the grain or the publisher waits
        foreach (var rendition in renditions)
        {
            var stream = RenditionName.StreamOf(entry.Stream, rendition);
            try
            {
                var window = await _windows.GetOrAdd(stream, static (name, self) => new(() => self.Follow(name)), this).Value;
                entry.Ladder.Add(rendition, window.Window);
            }
            catch (StreamDirectoryException exception)
            {
                LogUnanswered(stream, exception.InnerException?.Message ?? exception.Message);   // the entry's next registration tries again
            }
        }
    }

    async Task Register(OpenWindow window, int viewers, string lostNode = "")
    {
        var registration = new GatewayRegistration { Gateway = node.Name, Viewers = viewers, LostNode = lostNode };
        var directive = await grains.GetGrain<ILiveStreamGrain>(window.Stream).Watch(registration, window.Reference!);
        window.RegisteredAt = time.GetTimestamp();
        await window.Directed(directive);
    }

    async Task LetGo(string stream)
    {
        if (_windows.TryRemove(stream, out var opening) && opening.Value is { IsCompletedSuccessfully: true } opened)
        {
            await Release(opened.Result);
            LogLetGo(stream);
        }
    }

    async Task Release(OpenWindow window)
    {
        try
        {
            if (window.Subscription is { } subscription)
            {
                await subscription.UnsubscribeAsync();
            }

            if (window.Reference is { } reference)
            {
                await grains.GetGrain<ILiveStreamGrain>(window.Stream).Unwatch(node.Name).WaitAsync(TimeSpan.FromSeconds(1), time);
                grains.DeleteObjectReference<ILiveStreamObserver>(reference);
            }
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUnanswered(window.Stream, exception.Message);   // the registration lapses by itself
        }
        finally
        {
            feeds.Stop(window.Stream);
            window.Window.Dispose();
        }
    }

    [LoggerMessage(LogLevel.Information, "Following stream {Stream}")]
    partial void LogFollowing(string stream);

    [LoggerMessage(LogLevel.Information, "Stream {Stream} let go: nobody watches it here")]
    partial void LogLetGo(string stream);

    [LoggerMessage(LogLevel.Warning, "Stream {Stream}: its grain does not answer: {Reason}")]
    partial void LogUnanswered(string stream, string reason);
}
