using Tributary.Cluster.Engine.Processes;
using Tributary.EndToEnd.Harness;

namespace Tributary.Cluster.Faults;

/// <summary>The cluster that the tests of faults share. It is started by the first of them; each leaves, and finds, everything running.</summary>
public sealed class FaultCluster : IAsyncLifetime
{
    Task<ServerCluster>? _cluster;

    internal async Task<ServerCluster> Whole()
    {
        Tools.Require("ffmpeg", "psql");
        Skip.If(PostgresServer.Missing is not null, PostgresServer.Missing);
        if (_cluster is { IsFaulted: false })
        {
            await (await _cluster).Repair();
        }

        return await (_cluster is null or { IsFaulted: true } ? _cluster = ServerCluster.Start() : _cluster);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_cluster is { IsCompletedSuccessfully: true })
        {
            await (await _cluster).DisposeAsync();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class FaultTests : ICollectionFixture<FaultCluster>
{
    public const string Name = "faults";
}
