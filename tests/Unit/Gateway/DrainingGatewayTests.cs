using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Gateway.Live;
using Tributary.Grains.ServerNodes;

namespace Tributary.Unit.Gateway;

/// <summary>What a gateway does with its viewers while it drains, and the command for it.</summary>
public sealed class DrainingGatewayTests : IAsyncLifetime
{
    GatewayHost _host = null!;

    HttpClient Client => _host.Client;

    public async Task InitializeAsync()
    {
        _host = await GatewayHost.Start();
        _host.GoLive("demo", 3);
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Playlists_are_redirected_to_the_least_busy_gateway_and_media_is_served_on()
    {
        await Client.GetAsync("/live/demo/master.m3u8");
        _host.Cluster.Nodes =
        [
            Node("gateway-1", NodeState.Draining, 0), Node("gateway-2", NodeState.Active, 900), Node("gateway-3", NodeState.Active, 100),
            Node("gateway-4", NodeState.Dead, 0), Node("ingest-1", NodeState.Active, 0, "ingest"),
        ];
        await Drain();

        using var answer = await Client.GetAsync("/live/demo/index-v1.m3u8?x=1");
        Assert.Equal(HttpStatusCode.TemporaryRedirect, answer.StatusCode);
        Assert.Equal("http://gateway-3.example/live/demo/index-v1.m3u8?x=1", answer.Headers.Location!.ToString());
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        using var endless = await Client.GetAsync("/live/demo.flv?token=x");
        Assert.Equal((HttpStatusCode.TemporaryRedirect, "http://gateway-3.example/live/demo.flv?token=x"), (endless.StatusCode, endless.Headers.Location!.ToString()));
        using var segment = await Client.GetAsync("/live/demo/seg-1-v1.m4s");
        Assert.Equal(HttpStatusCode.OK, segment.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Client.GetAsync("/readyz")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Client.GetAsync("/livez")).StatusCode);
        Assert.Equal(new WorkLeft(1, 0), await _host.Services.GetRequiredService<ViewerHandover>().HandOver(default));
    }

    [Fact]
    public async Task Without_another_gateway_it_serves_on()
    {
        _host.Cluster.Nodes = [Node("gateway-1", NodeState.Draining, 0), Node("gateway-2", NodeState.Draining, 0)];
        await Drain();
        using var answer = await Client.GetAsync("/live/demo/master.m3u8");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(new WorkLeft(0, 1), await _host.Services.GetRequiredService<ViewerHandover>().HandOver(default));
    }

    [Fact]
    public async Task The_command_reaches_the_node_and_can_wait_until_it_is_empty()
    {
        _host.Cluster.Nodes = [Node("gateway-2", NodeState.Active, 0)];
        using var answer = await Client.PostAsync("/api/v1/nodes/gateway-2/drain?wait=true&timeout=5", null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var node = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(("Draining", true), (node.GetProperty("state").GetString(), node.GetProperty("drained").GetBoolean()));

        using var undone = await Client.DeleteAsync("/api/v1/nodes/gateway-2/drain");
        Assert.Equal("Active", JsonDocument.Parse(await undone.Content.ReadAsStringAsync()).RootElement.GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_node_that_is_unknown_or_gone_is_a_problem_document()
    {
        _host.Cluster.Nodes = [Node("gateway-9", NodeState.Dead, 0)];
        foreach (var (name, status) in ((string, HttpStatusCode)[])[("nobody", HttpStatusCode.NotFound), ("gateway-9", HttpStatusCode.Conflict)])
        {
            using var answer = await Client.PostAsync($"/api/v1/nodes/{name}/drain", null);
            Assert.Equal((status, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        }

        using var known = await Client.GetAsync("/api/v1/nodes/gateway-9");
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
    }

    async Task Drain()
    {
        _host.Services.GetRequiredService<NodeDrain>().Set(true);
        await _host.Services.GetRequiredService<NodeDirectory>().List();
    }

    static NodeDescription Node(string name, NodeState state, int millicores, string role = "gateway") => new()
    {
        Name = name,
        State = state,
        LastSeen = default,
        Report = new NodeReport
        {
            Roles = [role],
            StartedAt = default,
            State = state,
            Endpoints = new Dictionary<string, string> { ["http"] = $"http://{name}.example" },
            Load = new NodeLoad { CpuMillicores = millicores, Cores = 1 },
        },
    };
}
