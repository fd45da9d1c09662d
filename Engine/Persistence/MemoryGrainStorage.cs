using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>One state in memory; never changed, only replaced.</summary>
sealed record MemoryRecord(object? State, string ETag);

/// <summary>Storage in the memory of the cluster: it outlives silos, not the process. Keeps and gives copies.</summary>
sealed class MemoryGrainStorage(string name, LocalCluster cluster) : IGrainStorage
{
    static long _lastETag;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var record = cluster.Memory.GetValueOrDefault((name, stateName, grainId));
        grainState.RecordExists = record is not null;
        grainState.ETag = record?.ETag;
        grainState.State = record is null ? New<T>() : ValueCopier.CopyOf((T)record.State!);
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (name, stateName, grainId);
        var next = new MemoryRecord(ValueCopier.CopyOf(grainState.State), Interlocked.Increment(ref _lastETag).ToString(System.Globalization.CultureInfo.InvariantCulture));
        var stored = cluster.Memory.GetValueOrDefault(key);
        if (stored?.ETag != grainState.ETag || !(stored is null ? cluster.Memory.TryAdd(key, next) : cluster.Memory.TryUpdate(key, next, stored)))
        {
            throw Stale(stateName, grainId, stored?.ETag, grainState.ETag);
        }

        grainState.ETag = next.ETag;
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (name, stateName, grainId);
        var stored = cluster.Memory.GetValueOrDefault(key);
        if (stored?.ETag != grainState.ETag || (stored is not null && !cluster.Memory.TryRemove(KeyValuePair.Create(key, stored))))
        {
            throw Stale(stateName, grainId, stored?.ETag, grainState.ETag);
        }

        grainState.ETag = null;
        grainState.RecordExists = false;
        grainState.State = New<T>();
        return Task.CompletedTask;
    }

    static T? New<T>() => typeof(T).IsValueType ? default : Activator.CreateInstance<T>();

    static InconsistentStateException Stale(string stateName, GrainId grainId, string? stored, string? current) =>
        new($"Version conflict: state {stateName} of {grainId} was written by another activation.", stored, current);
}
