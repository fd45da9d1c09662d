using Tributary.Cluster.Engine.Processes;
using Tributary.EndToEnd.Harness;
using Tributary.Unit;
using Xunit.Abstractions;
using Eventually = Tributary.EndToEnd.Harness.Eventually;

namespace Tributary.Cluster.Faults;

/// <summary>A cluster whose processes speak TLS among them, each with a certificate of its own that the cluster's authority signed.</summary>
public sealed class TlsTests(ITestOutputHelper output)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task A_stream_plays_over_TLS_and_a_node_of_another_authority_is_refused()
    {
        Tools.Require("ffmpeg", "psql");
        Skip.If(PostgresServer.Missing is not null, PostgresServer.Missing);
        var folder = Repository.Folder("authorities");
        using var ours = new TestAuthority("ours", folder);
        using var theirs = new TestAuthority("theirs", folder);
        await using var cluster = await ServerCluster.Start(silos: 2, ingests: 1, gateways: 1, node => ours.Member(node, "Cluster:Tls"));
        await using var encoder = await Encoder.Publish("secured", cluster.Ingests[0]);
        await using var viewer = await Viewer.Watch(cluster, "secured");

        // It knows the secret, and trusts whom the others trust.
        var stranger = await cluster.Add("gateway", node => [.. theirs.Member(node, "Cluster:Tls")[..2], ("Cluster:Tls:AuthorityPath", theirs.Path)]);
        stranger.Begin();
        await Eventually.IsTrue("a silo tells whom it refused", Soon, () => cluster.Silos.Any(silo =>
            silo.Log.Contains("is refused: its certificate is not accepted (CN=gateway-2", StringComparison.Ordinal)));
        await viewer.Sees(2, Soon);

        var seen = viewer.Playback();
        output.Figure($"TLS between all processes: viewer {seen}; {await cluster.History.HoldsOneOwner("secured")}");
        Assert.False(stranger.IsRunning && (await stranger.Health("/readyz")).Status == 200);
        viewer.SawNothingWrong();
        KillTests.SawNothing(seen);
    }
}
