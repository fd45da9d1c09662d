using System.Collections.Concurrent;

namespace Tributary.Gateway.Vod;

/// <summary>What a cache has seen, for the status page and the metrics.</summary>
public sealed record CacheCounts(string Name, long Bytes, long MaxBytes, int Entries, long Hits, long Misses, long Stored, long Evicted, long Refused);

/// <summary>A cache that is bounded in bytes: the least recently used goes first; with an expiration nothing older is given out.</summary>
sealed class VodCache<T>(string name, long maxBytes, TimeSpan? expiration, TimeProvider time)
    where T : class
{
    sealed record Entry(string Key, T Value, long Bytes, long StoredAt);

    readonly Lock _lock = new();
    readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    readonly LinkedList<Entry> _byUse = new();
    readonly ConcurrentDictionary<string, Lazy<Task<T>>> _loading = new(StringComparer.Ordinal);
    long _bytes;
    long _hits;
    long _misses;
    long _stored;
    long _evicted;
    long _refused;

    public CacheCounts Counts
    {
        get
        {
            lock (_lock)
            {
                return new(name, _bytes, maxBytes, _entries.Count, _hits, _misses, _stored, _evicted, _refused);
            }
        }
    }

    /// <summary>What is kept; null where nothing is.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="asksAgain">Whether the same is asked for again before it is made: what is not there is no miss yet.</param>
    public T? Get(string key, bool asksAgain = false)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var node))
            {
                if (expiration is not { } most || time.GetElapsedTime(node.Value.StoredAt) < most)
                {
                    _byUse.Remove(node);
                    _byUse.AddFirst(node);
                    _hits++;
                    return node.Value.Value;
                }

                Remove(node);
            }

            _misses += asksAgain ? 0 : 1;
            return null;
        }
    }

    public void Set(string key, T value, long bytes)
    {
        bytes += 2 * key.Length + 256;
        lock (_lock)
        {
            if (bytes > maxBytes)
            {
                _refused++;
                return;
            }

            if (_entries.TryGetValue(key, out var old))
            {
                Remove(old);
            }

            _entries[key] = _byUse.AddFirst(new Entry(key, value, bytes, time.GetTimestamp()));
            (_bytes, _stored) = (_bytes + bytes, _stored + 1);
            while (_bytes > maxBytes)
            {
                Remove(_byUse.Last!);
                _evicted++;
            }
        }
    }

    /// <summary>What is kept, or what <paramref name="load"/> gives: several who ask at once wait for one loading.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="load">Makes it; not cancelled where one of those who wait goes away, so it must end by itself.</param>
    /// <param name="bytes">How much it takes; 0 or less: not to be kept.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async ValueTask<T> GetOrLoad(string key, Func<Task<T>> load, Func<T, long> bytes, CancellationToken cancellation)
    {
        if (Get(key) is { } kept)
        {
            return kept;
        }

        var loading = _loading.GetOrAdd(key, _ => new(load));
        try
        {
            var value = await loading.Value.WaitAsync(cancellation);
            if (_loading.TryRemove(new(key, loading)) && bytes(value) is > 0 and var size)
            {
                Set(key, value, size);
            }

            return value;
        }
        catch (Exception) when (loading.Value.IsCompleted)
        {
            _loading.TryRemove(new(key, loading));
            throw;
        }
    }

    public void ResetCounts()
    {
        lock (_lock)
        {
            (_hits, _misses, _stored, _evicted, _refused) = (0, 0, 0, 0, 0);
        }
    }

    void Remove(LinkedListNode<Entry> node)
    {
        _entries.Remove(node.Value.Key);
        _byUse.Remove(node);
        _bytes -= node.Value.Bytes;
    }
}
