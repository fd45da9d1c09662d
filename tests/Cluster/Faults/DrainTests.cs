using System.Diagnostics;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.Cluster.Faults;

/// <summary>Nodes that leave in order, with encoders and viewers on them; and how soon the cluster knows of those that do not.</summary>
[Collection(FaultTests.Name)]
public sealed class DrainTests(FaultCluster faults, ITestOutputHelper output)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task An_ingest_node_told_to_end_hands_its_stream_to_the_backup_encoder_at_another()
    {
        var cluster = await faults.Whole();
        await using var primary = await Encoder.Publish("drain-backup", cluster.Ingests[0]);
        await using var viewer = await Viewer.Watch(cluster, "drain-backup");
        await using var backup = await Encoder.Publish("drain-backup?i=1", cluster.Ingests[1]);
        await Eventually.IsTrue("the backup stands by", Soon, async () => await Sources(cluster, "drain-backup") == 2);
        var before = (await ServerCluster.Ask(cluster.Gateways[0], "drain-backup"))!.Value.Epoch;

        var clock = Stopwatch.StartNew();
        await cluster.Ingests[0].Terminate(TimeSpan.FromSeconds(60));
        var ended = clock.Elapsed;
        await ServerCluster.Answers("the backup is on air", cluster.Gateways[0], "drain-backup", Soon, stream => stream.Epoch > before && stream.State == "Live");
        await viewer.Sees(4, Soon);

        var seen = viewer.Playback();
        output.Figure($"SIGTERM of an ingest node with a backup encoder elsewhere: ended after {ended.TotalSeconds:0.0} s, viewer {seen}");
        viewer.SawNothingWrong();
        Assert.Equal(0L, seen.Missing);
        Assert.Equal("Left", await cluster.Gateways[0].StateOf(cluster.Ingests[0]));
    }

    [SkippableFact]
    public async Task A_gateway_told_to_end_sends_its_viewers_to_another()
    {
        var cluster = await faults.Whole();
        await using var encoder = await Encoder.Publish("drain-viewer", cluster.Ingests[0]);
        using var http = new HttpClient(new RedirectMemory()) { BaseAddress = cluster.Gateways[0].Http.BaseAddress, Timeout = TimeSpan.FromSeconds(5) };
        await using var viewer = await StrictHlsClient.Open(http, cluster.Gateways[0].Master("drain-viewer"), TimeSpan.FromSeconds(40));
        await viewer.UntilSegments(4, TimeSpan.FromSeconds(40));

        var clock = Stopwatch.StartNew();
        await cluster.Gateways[0].Terminate(TimeSpan.FromSeconds(60));
        var ended = clock.Elapsed;
        var last = viewer.Video.Last;
        await viewer.Until("segments go on at the other gateway", Soon, rendition => rendition.Last >= last + 3);

        output.Figure($"SIGTERM of a gateway with a viewer: ended after {ended.TotalSeconds:0.0} s, {viewer.Video.Count} segments seen, {viewer.Problems.Count} problems");
        viewer.AssertNothingWrong();
        Assert.True(ended < TimeSpan.FromSeconds(25), $"it ended after {ended}");
    }

    [SkippableFact]
    public async Task The_command_empties_a_node_within_the_deadline_and_can_be_undone()
    {
        var cluster = await faults.Whole();
        var (gateway, ingest) = (cluster.Gateways[0], cluster.Ingests[0]);
        await using var encoder = await RtmpPublisher.Connect(ingest.Host, ingest.RtmpPort, "drain-command");
        Assert.True(encoder.IsOnAir);

        // 1. At once: draining, not ready, alive; a new publisher is sent to the other node.
        var waiting = gateway.Call(HttpMethod.Post, $"/api/v1/nodes/{ingest.Name}/drain");
        Assert.Equal(202, (await waiting).Status);
        Assert.Equal((503, 200), ((await ingest.Health("/readyz")).Status, (await ingest.Health("/livez")).Status));
        await using var refused = await RtmpPublisher.Connect(ingest.Host, ingest.RtmpPort, "drain-command-2");
        Assert.Contains($"publish to rtmp://{cluster.Ingests[1].Host}:{cluster.Ingests[1].RtmpPort}/live", refused.Refusal, StringComparison.Ordinal);

        // 2. Undone, it takes encoders again.
        Assert.Equal(200, (await gateway.Call(HttpMethod.Delete, $"/api/v1/nodes/{ingest.Name}/drain")).Status);
        await Eventually.IsTrue("the node is active again", Soon, async () => await gateway.StateOf(ingest) == "Active");
        await using (var taken = await RtmpPublisher.Connect(ingest.Host, ingest.RtmpPort, "drain-command-3"))
        {
            Assert.True(taken.IsOnAir);
        }

        // 3. An encoder that nobody else can take over stays until the deadline, and no longer.
        var clock = Stopwatch.StartNew();
        Assert.Equal(202, (await gateway.Call(HttpMethod.Post, $"/api/v1/nodes/{ingest.Name}/drain")).Status);
        await Eventually.IsTrue("the node is empty", TimeSpan.FromSeconds(40), async () =>
            (await gateway.Call(HttpMethod.Get, $"/api/v1/nodes/{ingest.Name}")).Body!.Value.GetProperty("drained").GetBoolean());
        output.Figure($"drain by command with an encoder that has no backup: empty after {clock.Elapsed.TotalSeconds:0.0} s (deadline {ServerCluster.DrainDeadline.TotalSeconds:0} s)");
        Assert.InRange(clock.Elapsed, ServerCluster.DrainDeadline - TimeSpan.FromSeconds(4), ServerCluster.DrainDeadline + TimeSpan.FromSeconds(10));
        Assert.Equal(200, (await gateway.Call(HttpMethod.Delete, $"/api/v1/nodes/{ingest.Name}/drain")).Status);
    }

    [SkippableFact]
    public async Task The_cluster_knows_soon_that_a_node_is_dead()
    {
        var cluster = await faults.Whole();
        foreach (var node in (ServerNode[])[cluster.Ingests[1], cluster.Gateways[1], cluster.Silos[2]])
        {
            await Eventually.IsTrue($"{node.Name} is active", Soon, async () => await cluster.Gateways[0].StateOf(node) == "Active");
            var clock = Stopwatch.StartNew();
            node.Kill();
            await Eventually.IsTrue($"{node.Name} is known to be dead", Soon, async () => await cluster.Gateways[0].StateOf(node) == "Dead");
            output.Figure($"kill -9 of {node.Name}: known to be dead after {clock.Elapsed.TotalSeconds:0.0} s");
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"{node.Name} was known to be dead after {clock.Elapsed}");
            await node.Start();
            await Eventually.IsTrue($"{node.Name} is active again", Soon, async () => await cluster.Gateways[0].StateOf(node) == "Active");
        }
    }

    static async Task<int> Sources(ServerCluster cluster, string stream) =>
        (await cluster.Gateways[0].Call(HttpMethod.Get, $"/api/v1/streams/{stream}")).Body?.GetProperty("sources").GetArrayLength() ?? 0;

    /// <summary>
    /// A player (or the balancer before it) that goes where it was sent, and stays there: what it would ask of the former gateway it asks of the new one.
    /// </summary>
    sealed class RedirectMemory() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        readonly Dictionary<string, string> _moved = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = Moved(request.RequestUri!);
            var answer = await base.SendAsync(request, cancellationToken);
            if ((int)answer.StatusCode != 307)
            {
                return answer;
            }

            lock (_moved)
            {
                _moved[request.RequestUri.Authority] = answer.Headers.Location!.Authority;
            }

            answer.Dispose();
            using var again = new HttpRequestMessage(request.Method, Moved(request.RequestUri));
            return await base.SendAsync(again, cancellationToken);
        }

        Uri Moved(Uri address)
        {
            lock (_moved)
            {
                return _moved.TryGetValue(address.Authority, out var other) ? new Uri($"http://{other}{address.PathAndQuery}") : address;
            }
        }
    }
}
