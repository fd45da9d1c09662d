using Microsoft.Extensions.Logging;

namespace Tributary.Grains.ServerNodes;

/// <inheritdoc cref="IServerNodeGrain"/>
[GrainType("server-node")]
public sealed partial class ServerNodeGrain(
    [PersistentState("server-node", GrainStorageName.Tributary)] IPersistentState<ServerNodeState> state,
    TimeProvider time,
    ILogger<ServerNodeGrain> log) : Grain, IServerNodeGrain
{
    DateTimeOffset _lastSeen;
    IGrainTimer? _timer;

    string Name => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _lastSeen = state.State.LastSeen;
        WatchForSilence();
        return Task.CompletedTask;
    }

    public async Task Heartbeat(NodeReport report)
    {
        var changed = state.State.Report is not { } known || known.State != report.State || known.StartedAt != report.StartedAt
            || state.State.State != report.State;
        _lastSeen = time.GetUtcNow();
        (state.State.Report, state.State.LastSeen, state.State.State) = (report, _lastSeen, report.State);
        if (changed)
        {
            LogState(Name, report.State);
            await state.WriteStateAsync();   // the load changes every few seconds and is not worth a write
            WatchForSilence();
        }

        await Catalog.Put(Description());
    }

    public async Task Leave()
    {
        state.State.State = NodeState.Left;
        LogState(Name, NodeState.Left);
        await state.WriteStateAsync();
        await Catalog.Put(Description());
    }

    public Task<NodeDescription> Describe() => Task.FromResult(Description());

    INodeCatalogGrain Catalog => GrainFactory.GetGrain<INodeCatalogGrain>(0);

    void WatchForSilence()
    {
        _timer?.Dispose();
        _timer = this.RegisterGrainTimer(CheckSilence, NodeReport.Interval, NodeReport.Interval);
    }

    async Task CheckSilence()
    {
        if (state.State.State is NodeState.Left or NodeState.NotRegistered)
        {
            _timer?.Dispose();
        }
        else if (time.GetUtcNow() - _lastSeen > NodeReport.Lifetime)
        {
            state.State.State = NodeState.NotRegistered;
            LogState(Name, NodeState.NotRegistered);
            await state.WriteStateAsync();
            await Catalog.Put(Description());
        }
    }

    NodeDescription Description() => new()
    {
        Name = Name,
        State = state.State.Report is null ? NodeState.NotRegistered : state.State.State,
        LastSeen = _lastSeen,
        Report = state.State.Report,
    };

    [LoggerMessage(LogLevel.Information, "Node {Node} is {State}")]
    partial void LogState(string node, NodeState state);
}

[GenerateSerializer, Alias("tributary.server-node-state")]
public sealed class ServerNodeState
{
    [Id(0)] public NodeReport? Report { get; set; }

    [Id(1)] public NodeState State { get; set; }

    [Id(2)] public DateTimeOffset LastSeen { get; set; }
}

/// <inheritdoc cref="INodeCatalogGrain"/>
[GrainType("node-catalog")]
public sealed class NodeCatalogGrain(
    [PersistentState("node-catalog", GrainStorageName.Tributary)] IPersistentState<NodeCatalogState> state) : Grain, INodeCatalogGrain
{
    public async Task Put(NodeDescription node)
    {
        var changed = !state.State.Nodes.TryGetValue(node.Name, out var known) || known.State != node.State;
        state.State.Nodes[node.Name] = node;
        if (changed)
        {
            await state.WriteStateAsync();
        }
    }

    public Task<NodeDescription[]> List() =>
        Task.FromResult(state.State.Nodes.Values.OrderBy(node => node.Name, StringComparer.Ordinal).ToArray());
}

[GenerateSerializer, Alias("tributary.node-catalog-state")]
public sealed class NodeCatalogState
{
    [Id(0)] public Dictionary<string, NodeDescription> Nodes { get; set; } = [];
}
