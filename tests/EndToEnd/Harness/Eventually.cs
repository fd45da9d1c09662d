using System.Diagnostics;

namespace Tributary.EndToEnd.Harness;

/// <summary>Waits for a condition of another process, which can only be asked, within a deadline.</summary>
static class Eventually
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The first answer that is not null; fails with <paramref name="what"/> when there is none in time.</summary>
    public static async Task<T> Get<T>(string what, TimeSpan within, Func<Task<T?>> ask, TimeSpan? every = null)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        string last = "no answer";
        while (Stopwatch.GetElapsedTime(started) < within)
        {
            try
            {
                if (await ask() is { } answer)
                {
                    return answer;
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or TaskCanceledException)
            {
                last = failure.Message;
            }

            await Task.Delay(every ?? Pause);
        }

        throw new TimeoutException($"{what}: not within {within.TotalSeconds:0.#} s ({last})");
    }

    public static Task IsTrue(string what, TimeSpan within, Func<Task<bool>> ask) =>
        Get(what, within, async () => await ask() ? "yes" : null);

    public static Task IsTrue(string what, TimeSpan within, Func<bool> ask) => IsTrue(what, within, () => Task.FromResult(ask()));
}
