using System.Collections;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Utilities;

/// <summary>The observers of one grain, known by their references.</summary>
public class ObserverManager<TObserver>(TimeSpan expiration, ILogger log) : ObserverManager<IAddressable, TObserver>(expiration, log);

/// <summary>
/// The observers of one grain: each stays for a time after it last subscribed, and goes when a call to it fails. Used within turns of the grain; not thread-safe.
/// </summary>
public class ObserverManager<TIdentity, TObserver>(TimeSpan expiration, ILogger log) : IEnumerable<TObserver>
    where TIdentity : notnull
{
    // Replaced on change, so that observers may come and go while all of them are called.
    Dictionary<TIdentity, Entry> _entries = [];

    public Func<DateTime> GetDateTime { get; set; } = () => DateTime.UtcNow;

    public TimeSpan ExpirationDuration { get; set; } = expiration;

    public int Count => _entries.Count;

    public IReadOnlyDictionary<TIdentity, TObserver> Observers => _entries.ToDictionary(e => e.Key, e => e.Value.Observer);

    public void Clear() => _entries = [];

    public void Subscribe(TIdentity id, TObserver observer) => _entries = new Dictionary<TIdentity, Entry>(_entries) { [id] = new(observer, GetDateTime()) };

    public void Unsubscribe(TIdentity id) => Remove([id]);

    public async Task Notify(Func<TObserver, Task> notification, Func<TObserver, bool>? predicate = null)
    {
        List<TIdentity> defunct = [];
        foreach (var (id, entry) in _entries)
        {
            if (IsExpired(entry))
            {
                defunct.Add(id);
                continue;
            }

            if (predicate is not null && !predicate(entry.Observer))
            {
                continue;
            }

            try
            {
                await notification(entry.Observer);
            }
            catch (Exception exception)
            {
                Failed(exception, id);
                defunct.Add(id);
            }
        }

        Remove(defunct);
    }

    public void Notify(Action<TObserver> notification, Func<TObserver, bool>? predicate = null)
    {
        // An action is over when it returns: the task is complete.
        Notify(
            observer =>
            {
                notification(observer);
                return Task.CompletedTask;
            },
            predicate).GetAwaiter().GetResult();
    }

    public void ClearExpired() => Remove([.. _entries.Where(e => IsExpired(e.Value)).Select(e => e.Key)]);

    public IEnumerator<TObserver> GetEnumerator() => _entries.Values.Select(e => e.Observer).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    bool IsExpired(Entry entry) => entry.LastSeen + ExpirationDuration < GetDateTime();

    void Remove(List<TIdentity> ids)
    {
        if (ids.Count > 0)
        {
            var entries = new Dictionary<TIdentity, Entry>(_entries);
            ids.ForEach(id => entries.Remove(id));
            _entries = entries;
        }
    }

    void Failed(Exception exception, TIdentity id)
    {
        if (log.IsEnabled(LogLevel.Debug))
        {
            ObserverLog.Failed(log, exception, id.ToString());
        }
    }

    sealed record Entry(TObserver Observer, DateTime LastSeen);
}

static partial class ObserverLog
{
    [LoggerMessage(LogLevel.Debug, "The observer {Id} failed and is removed")]
    public static partial void Failed(ILogger log, Exception exception, string? id);
}
