using System.Diagnostics;
using System.Text.Json;
using Tributary.Cluster.Engine.Processes;
using Tributary.EndToEnd.Harness;
using Eventually = Tributary.EndToEnd.Harness.Eventually;

namespace Tributary.Cluster.Faults;

/// <summary>
/// The whole product as processes: three silos, two ingest nodes, two gateways and their PostgreSQL, each with a network of its own where that can be
/// (root), else on loopback.
/// </summary>
sealed class ServerCluster : IAsyncDisposable
{
    /// <summary>How long a node of it may take to hand over what it has.</summary>
    public static readonly TimeSpan DrainDeadline = TimeSpan.FromSeconds(10);

    /// <summary>The stream whose primary gets its place back when it has been well for 3 s; with all others the backup stays.</summary>
    public const string GivenBack = "returns";

    ServerCluster(ClusterNetwork? network, PostgresServer database) =>
        (Network, Database, History) = (network, database, new StoredHistory(database));

    /// <summary>Null where everything is on loopback.</summary>
    public ClusterNetwork? Network { get; }

    public PostgresServer Database { get; }

    public StoredHistory History { get; }

    public List<ServerNode> Nodes { get; } = [];

    public ServerNode[] Silos => [.. Nodes.Where(node => node.Role == "silo")];

    public ServerNode[] Ingests => [.. Nodes.Where(node => node.Role == "ingest")];

    public ServerNode[] Gateways => [.. Nodes.Where(node => node.Role == "gateway")];

    /// <param name="silos">How many silos.</param>
    /// <param name="ingests">How many ingest nodes.</param>
    /// <param name="gateways">How many gateways.</param>
    /// <param name="own">What each node is configured with besides, by its name.</param>
    public static async Task<ServerCluster> Start(int silos = 3, int ingests = 2, int gateways = 2, Func<string, IEnumerable<(string Key, string Value)>>? own = null)
    {
        var network = ClusterNetwork.Missing is null ? await ClusterNetwork.Start() : null;
        var cluster = new ServerCluster(network, await PostgresServer.Start(network?.Here ?? "127.0.0.1"));
        try
        {
            await cluster.History.Begin();
            foreach (var role in Enumerable.Repeat("silo", silos).Concat(Enumerable.Repeat("ingest", ingests)).Concat(Enumerable.Repeat("gateway", gateways)))
            {
                await cluster.Add(role, own);
            }

            await cluster.StartAll();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>One node more, which is not started.</summary>
    public async Task<ServerNode> Add(string role, Func<string, IEnumerable<(string Key, string Value)>>? own = null)
    {
        var number = Nodes.Count(node => node.Role == role) + 1;
        var settings = Settings;
        foreach (var (key, value) in own?.Invoke($"{role}-{number}") ?? [])
        {
            settings[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var added = new ServerNode(role, number, await PlaceIn(Network), Database.ConnectionString, settings);
        Nodes.Add(added);
        return added;
    }

    /// <summary>Starts every process that does not run, all at once as after a power cut, and waits until they take traffic.</summary>
    public async Task StartAll()
    {
        var starting = Nodes.Where(node => !node.IsRunning).ToArray();
        Array.ForEach(starting, node => node.Begin());
        await Task.WhenAll(starting.Select(node => node.IsReady()));
    }

    /// <summary>Undoes what a test that failed has left: a test begins with a cluster in which everything runs.</summary>
    public async Task Repair()
    {
        await (Network?.Heal() ?? Task.CompletedTask);
        foreach (var node in Nodes.Where(node => node.IsRunning))
        {
            node.GoOn();
        }

        if (!await Database.Answers())
        {
            await Database.Kill();
            await Database.Begin();
        }

        await StartAll();
        foreach (var node in Nodes)
        {
            if ((await node.Health("/readyz")).Text.Contains("draining", StringComparison.Ordinal))
            {
                await Gateways[0].Call(HttpMethod.Delete, $"/api/v1/nodes/{node.Name}/drain");
            }
        }

        await Task.WhenAll(Nodes.Select(node => node.IsReady()));
    }

    /// <summary>The silo on which the stream's grain lives.</summary>
    public async Task<ServerNode> OwnerOf(string stream)
    {
        var owner = (await Gateways[0].Call(HttpMethod.Get, $"/api/v1/streams/{stream}")).Body!.Value.GetProperty("owner").GetString()!;
        return Silos.Single(silo => owner.Contains($"{silo.Host}:{silo.SiloPort}:", StringComparison.Ordinal));
    }

    /// <summary>Epoch, state and numbering of a stream as a gateway tells them, asked of its grain now; null while nobody answers.</summary>
    public static async Task<(long Epoch, string State, long NextMsn)?> Ask(ServerNode gateway, string stream)
    {
        try
        {
            using var answer = await gateway.Http.GetAsync($"/api/v1/streams/{stream}");
            var detail = answer.IsSuccessStatusCode ? JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement : (JsonElement?)null;
            return detail is { } found
                ? (found.GetProperty("epoch").GetInt64(), found.GetProperty("state").GetString()!, found.GetProperty("nextMsn").GetInt64())
                : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    /// <summary>How long it takes from now until the stream's grain answers as <paramref name="enough"/> wants it.</summary>
    public static async Task<TimeSpan> Answers(
        string what, ServerNode gateway, string stream, TimeSpan within, Func<(long Epoch, string State, long NextMsn), bool> enough)
    {
        var clock = Stopwatch.StartNew();
        await Eventually.IsTrue(what, within, async () => await Ask(gateway, stream) is { } answer && enough(answer));
        return clock.Elapsed;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
        {
            // For whoever looks for the cause of a failure with TRIBUTARY_KEEP_SCRATCH: beside its data, since another cluster has nodes of the same names.
            await File.WriteAllTextAsync(Path.Combine(node.Data, "..", $"{node.Name}.log"), node.Log);
            await node.DisposeAsync();
        }

        Database.Signal("CONT");
        await Database.DisposeAsync();
        if (Network is not null)
        {
            await Network.DisposeAsync();
        }
    }

    // Answers of grains are not kept for a moment, so that what is measured is the grain.
    static Dictionary<string, string> Settings => new()
    {
        ["Cluster__Secret"] = "the secret of a cluster of tests",
        ["Publish__Anonymous"] = "Always",
        ["Api__Token"] = OperationsApi.Token,
        ["Pull__PrivateAddresses"] = "Always",
        ["Node__DrainDeadline"] = $"{DrainDeadline:c}",
        [$"Live__GiveBack__{GivenBack}"] = "00:00:03",
        ["Gateway__StateAge"] = "00:00:00",
        ["Web__Folder"] = Path.Combine(Repository.Root, "deploy/web/node_modules"),
    };

    static async Task<NetworkPlace> PlaceIn(ClusterNetwork? network) => network is null ? NetworkPlace.Loopback : await network.Place();
}
