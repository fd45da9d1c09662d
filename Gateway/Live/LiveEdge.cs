using Tributary.Media.Packaging.Live;

namespace Tributary.Gateway.Live;

/// <summary>
/// Requests that wait for the live edge of one stream. All that wait for the same place share one wait, one deadline and one answer: the first view
/// in which the place is reached. However many they are, a change of the window looks at each place once.
/// </summary>
public sealed class LiveEdge
{
    readonly LiveLadder _window;
    readonly TimeProvider _time;
    readonly Lock _gate = new();
    readonly Dictionary<EdgePlace, Wait> _waits = [];
    bool _watching;

    internal LiveEdge(LiveLadder window, TimeProvider time) => (_window, _time) = (window, time);

    /// <summary>
    /// Completes with the first view that reaches the place or in which nothing more can come; with null after three target durations, or after
    /// one where the source is lost: the player then gets what there is and asks again.
    /// </summary>
    internal Task<WindowView?> Reach(EdgePlace place)
    {
        lock (_gate)
        {
            if (!_waits.TryGetValue(place, out var wait))
            {
                _waits.Add(place, wait = new Wait(_time.GetTimestamp()));
            }

            if (!_watching)
            {
                _watching = true;
                _ = Watch();
            }

            return wait.Task;
        }
    }

    async Task Watch()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // not under the lock
        while (true)
        {
            var changed = _window.Changed;
            var done = new List<(Wait Wait, WindowView? View)>();
            var next = Look(_window.View, done);
            done.ForEach(answer => answer.Wait.SetResult(answer.View));
            if (next is null)
            {
                return;
            }

            try
            {
                await changed.WaitAsync(next.Value, _time);
            }
            catch (TimeoutException)
            {
                // Looks for those whose time is over.
            }
        }
    }

    // Takes out what is done. The result is how long the others may wait, or null where there are none and nobody watches any more.
    TimeSpan? Look(WindowView view, List<(Wait Wait, WindowView? View)> done)
    {
        var limit = TimeSpan.FromSeconds(Math.Max(1, view.TargetDuration) * (view.Pause is null ? 3 : 1));
        lock (_gate)
        {
            TimeSpan? next = null;
            foreach (var (place, wait) in _waits)
            {
                var left = limit - _time.GetElapsedTime(wait.Since);
                var isReached = place.IsReached(view);
                if (isReached || left <= TimeSpan.Zero)
                {
                    done.Add((wait, isReached ? view : null));
                    _waits.Remove(place);
                }
                else
                {
                    next = next is null || left < next ? left : next;
                }
            }

            _watching = next is not null;
            return next;
        }
    }

    sealed class Wait(long since) : TaskCompletionSource<WindowView?>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Since => since;
    }
}
