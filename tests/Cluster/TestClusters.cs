using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Storage;
using Orleans.TestingHost;
using Tributary.Grains;
using Tributary.Grains.ServerNodes;

namespace Tributary.Cluster;

/// <summary>
/// Grain storage that outlives every silo of a test, as a database does. Orleans' own memory storage keeps state in grains, which die with
/// the silo that a test kills.
/// </summary>
sealed class SharedMemoryGrainStorage : IGrainStorage
{
    readonly ConcurrentDictionary<string, (long Version, string Json)> _records = new();

    public static SharedMemoryGrainStorage Instance { get; } = new();

    /// <summary>Nothing can be written.</summary>
    public bool IsAway { get; set; }

    /// <summary>What is written is written, and nobody hears so.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>Key of a grain whose writes fail, as while the database is away.</summary>
    public string? Refused { get; set; }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        grainState.RecordExists = _records.TryGetValue(KeyOf(stateName, grainId), out var record);
        grainState.State = grainState.RecordExists ? JsonSerializer.Deserialize<T>(record.Json) : Activator.CreateInstance<T>();
        grainState.ETag = grainState.RecordExists ? record.Version.ToString() : null;
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (IsAway)
        {
            throw new IOException("The storage is away.");
        }

        if (grainId.Key.ToString() == Refused)
        {
            throw new IOException("The storage is away.");
        }

        var json = JsonSerializer.Serialize(grainState.State);
        var written = _records.AddOrUpdate(
            KeyOf(stateName, grainId),
            _ => grainState.ETag is null ? (1, json) : throw Stale(null, grainState.ETag),
            (_, old) => grainState.ETag == old.Version.ToString() ? (old.Version + 1, json) : throw Stale(old.Version.ToString(), grainState.ETag));
        if (LosesAnswers)
        {
            throw new IOException("The answer of the storage was lost.");
        }

        grainState.ETag = written.Version.ToString();
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        _records.TryRemove(KeyOf(stateName, grainId), out _);
        grainState.State = Activator.CreateInstance<T>();
        (grainState.ETag, grainState.RecordExists) = (null, false);
        return Task.CompletedTask;
    }

    static InconsistentStateException Stale(string? stored, string? given) => new("The state was changed by somebody else.", stored, given);

    static string KeyOf(string stateName, GrainId grainId) => $"{stateName}/{grainId}";
}

static class TestClusters
{
    /// <summary>
    /// Silos in this process, with a membership that outlives each of them, whose grains keep their state in <see cref="SharedMemoryGrainStorage"/>; and
    /// a client that finds a silo which joined later within a second, and does not wait long for one that died.
    /// </summary>
    public static InProcessTestCluster Of(short silos) =>
        new InProcessTestClusterBuilder(silos)
            .ConfigureSilo((_, silo) =>
            {
                silo.Services.AddKeyedSingleton<IGrainStorage>(GrainStorageName.Tributary, SharedMemoryGrainStorage.Instance);
                silo.Services.AddSingleton(TimeProvider.System);
                silo.Services.AddSingleton<NodeDirectory>();
            })
            .ConfigureClient(client =>
            {
                client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
                client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(3));
            })
            .Build();
}
