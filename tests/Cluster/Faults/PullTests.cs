using System.Diagnostics;
using System.Text.Json;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.Cluster.Faults;

/// <summary>A source that the cluster pulls from nginx: the node that does it is killed, and told to end.</summary>
[Collection(FaultTests.Name)]
public sealed class PullTests(FaultCluster faults, ITestOutputHelper output)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    [SkippableFact]
    public async Task Its_node_is_killed()
    {
        var cluster = await faults.Whole();
        await using var relay = await NginxRelay.Start(cluster);
        await using var viewer = await Begin(cluster, relay, "pull-kill");
        var node = await NodeOf(cluster, "pull-kill");

        var clock = Stopwatch.StartNew();
        node.Kill();
        await Eventually.IsTrue("the other node pulls", Soon, async () => await Pull(cluster, "pull-kill") is { } pull
            && pull.GetProperty("primary").GetString() != node.Name && pull.GetProperty("state").GetString() == "Streaming");
        var takeover = clock.Elapsed;
        await viewer.Sees(4, Soon);

        var seen = viewer.Playback();
        output.Figure($"kill -9 of the ingest node that pulls: the other streams after {takeover.TotalSeconds:0.0} s, viewer {seen}");
        viewer.SawNothingWrong();
        Assert.Equal(0L, seen.Missing);
        await End(cluster, "pull-kill");
    }

    [SkippableFact]
    public async Task Its_node_is_told_to_end()
    {
        var cluster = await faults.Whole();
        await using var relay = await NginxRelay.Start(cluster);
        await using var viewer = await Begin(cluster, relay, "pull-drain");
        var node = await NodeOf(cluster, "pull-drain");

        var clock = Stopwatch.StartNew();
        await node.Terminate(TimeSpan.FromSeconds(60));
        var ended = clock.Elapsed;
        var pull = await Pull(cluster, "pull-drain");
        Assert.Equal("Streaming", pull!.Value.GetProperty("state").GetString());
        Assert.NotEqual(node.Name, pull.Value.GetProperty("primary").GetString());
        await viewer.Sees(4, Soon);

        var seen = viewer.Playback();
        output.Figure($"SIGTERM of the ingest node that pulls: ended after {ended.TotalSeconds:0.0} s, viewer {seen}");
        viewer.SawNothingWrong();
        Assert.Equal(0L, seen.Missing);
        await End(cluster, "pull-drain");
        Assert.All(cluster.Nodes, one => Assert.DoesNotContain(NginxRelay.Token, one.Log, StringComparison.Ordinal));
    }

    static async Task<Viewer> Begin(ServerCluster cluster, NginxRelay relay, string name)
    {
        var (status, body) = await cluster.Gateways[0].Call(HttpMethod.Post, "/api/v1/pulls", new { name, url = relay.Source });
        Assert.Equal(201, status);
        Assert.DoesNotContain(NginxRelay.Token, body!.Value.GetRawText(), StringComparison.Ordinal);
        await Eventually.IsTrue($"{name} streams", Soon, async () => await Pull(cluster, name) is { } pull && pull.GetProperty("state").GetString() == "Streaming");
        return await Viewer.Watch(cluster, name);
    }

    static async Task<JsonElement?> Pull(ServerCluster cluster, string name) =>
        await cluster.Gateways[0].Call(HttpMethod.Get, $"/api/v1/pulls/{name}") is (200, { } pull) ? pull : null;

    static async Task<ServerNode> NodeOf(ServerCluster cluster, string name)
    {
        var primary = (await Pull(cluster, name))!.Value.GetProperty("primary").GetString();
        return cluster.Ingests.Single(node => node.Name == primary);
    }

    static async Task End(ServerCluster cluster, string name) =>
        Assert.Equal(204, (await cluster.Gateways[0].Call(HttpMethod.Delete, $"/api/v1/pulls/{name}")).Status);
}
