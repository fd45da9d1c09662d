using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.Cluster.Faults;

/// <summary>Viewers that hold a connection to a gateway that takes no encoders in: the stream comes from an ingest node, by frame link.</summary>
[Collection(FaultTests.Name)]
public sealed class LongLivedViewerTests(FaultCluster faults, ITestOutputHelper output)
{
    /// <summary>Frames from one key frame of <see cref="SourceMedia.Long"/> to the next.</summary>
    const int Group = 15;

    static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    [SkippableFact]
    public async Task Rtmp_is_played_from_a_gateway_with_the_packets_that_an_ingest_node_took()
    {
        var cluster = await faults.Whole();
        await using var encoder = Ffmpeg.Publish(await SourceMedia.Long, cluster.Ingests[0].Rtmp("play-rtmp"));
        await using var viewer = await Viewer.Watch(cluster, "play-rtmp");

        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(cluster.Gateways[0].Rtmp("play-rtmp")));
        foreach (var gateway in cluster.Gateways)
        {
            var recorded = Path.Combine(Repository.Folder("play-rtmp"), gateway.Name + ".flv");
            await using var reader = Record(gateway.Rtmp("play-rtmp"), recorded, "-t", "6");
            await reader.Exits(Soon);
            var read = await Ffmpeg.Packets(recorded, 'v');
            Assert.InRange(read.Length, 5 * Group, 7 * Group);
            await Follows(read);
        }
    }

    [SkippableFact]
    public async Task A_draining_gateway_ends_each_before_a_key_frame_with_a_word_and_sends_who_comes_elsewhere()
    {
        var cluster = await faults.Whole();
        var (gateway, other) = (cluster.Gateways[0], cluster.Gateways[1]);
        await using var encoder = Ffmpeg.Publish(await SourceMedia.Long, cluster.Ingests[0].Rtmp("drain-long"));
        await using var viewer = await Viewer.Watch(cluster, "drain-long");

        // 1. One of each kind watches.
        var folder = Repository.Folder("drain-long");
        (string File, ChildProcess Reader)[] readers = [.. ((string[])["flv", "ts", "rtmp"]).Select(form => (
            Path.Combine(folder, form == "ts" ? "ts.ts" : form + ".flv"),
            Record(Address(gateway, form), Path.Combine(folder, form == "ts" ? "ts.ts" : form + ".flv"))))];
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{gateway.Host}:{gateway.HttpPort}/live/drain-long.flv"), CancellationToken.None);
        var watching = UntilClosed(socket);
        foreach (var (file, _) in readers)
        {
            await Eventually.IsTrue($"{file} grows", Soon, () => File.Exists(file) && new FileInfo(file).Length > 60_000);
        }

        // 2. The gateway drains: all are ended, in good order.
        var clock = Stopwatch.StartNew();
        Assert.Equal(202, (await other.Call(HttpMethod.Post, $"/api/v1/nodes/{gateway.Name}/drain")).Status);
        foreach (var (file, reader) in readers)
        {
            await reader.Exits(Soon);
            var read = await Ffmpeg.Packets(file, 'v', annexB: file.EndsWith(".ts", StringComparison.Ordinal));
            Assert.Equal(Group - 1, await Follows(read) % Group);   // to the last frame before a key frame
            await reader.DisposeAsync();
        }

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await watching.WaitAsync(Soon));
        output.Figure($"drain of a gateway with viewers of FLV, TS, RTMP and WebSocket, a key frame each second: all ended after {clock.Elapsed.TotalSeconds:0.0} s");

        // 3. Who comes now is sent to the other gateway, where all goes on.
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = gateway.Http.BaseAddress };
        using var answer = await http.GetAsync("/live/drain-long.flv", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal((HttpStatusCode.TemporaryRedirect, new Uri(other.Http.BaseAddress!, "/live/drain-long.flv")), (answer.StatusCode, answer.Headers.Location));
        await using (var refused = ChildProcess.Start("ffprobe", ["-v", "error", gateway.Rtmp("drain-long")]))
        {
            Assert.NotEqual(0, await refused.Ends(Soon));
            Assert.Contains($"play rtmp://{other.Host}:{other.RtmpPort}/live/drain-long", refused.Errors, StringComparison.Ordinal);
        }

        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(Address(gateway, "flv")));   // ffprobe follows the redirect
        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(other.Rtmp("drain-long")));

        // 4. Undone, it plays again.
        Assert.Equal(200, (await other.Call(HttpMethod.Delete, $"/api/v1/nodes/{gateway.Name}/drain")).Status);
        Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(gateway.Rtmp("drain-long")));
    }

    // The place in the file of the last packet that was read; fails where one is missing on the way there.
    static async Task<int> Follows(Packet[] read)
    {
        var sent = await Ffmpeg.Packets(await SourceMedia.Long, 'v');
        var first = Array.FindIndex(sent, packet => packet.Hash == read[0].Hash);
        Assert.True(first >= 0, "the first packet was never published");
        Assert.Equal(sent.Skip(first).Take(read.Length).Select(packet => packet.Hash), read.Select(packet => packet.Hash));
        return first + read.Length - 1;
    }

    static async Task<WebSocketCloseStatus?> UntilClosed(ClientWebSocket socket)
    {
        var bytes = new byte[64 * 1024];
        while ((await socket.ReceiveAsync(bytes, CancellationToken.None)).MessageType != WebSocketMessageType.Close)
        {
        }

        return socket.CloseStatus;
    }

    static string Address(ServerNode gateway, string form) =>
        form == "rtmp" ? gateway.Rtmp("drain-long") : new Uri(gateway.Http.BaseAddress!, $"/live/drain-long.{form}").ToString();

    static ChildProcess Record(string address, string file, params string[] limit) => ChildProcess.Start(
        "ffmpeg", ["-nostdin", "-v", "error", "-y", "-i", address, .. limit, "-c", "copy", "-flush_packets", "1", file]);
}
