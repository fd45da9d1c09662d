namespace Tributary.Grains.ServerNodes;

/// <inheritdoc cref="INodeCatalogGrain"/>
/// <remarks>A line that nobody renewed is asked about: the node's grain may have gone down together with its node.</remarks>
[GrainType("node-catalog")]
public sealed class NodeCatalogGrain(
    [PersistentState("node-catalog", GrainStorageName.Tributary)] IPersistentState<NodeCatalogState> state, TimeProvider time)
    : Grain, INodeCatalogGrain
{
    static readonly TimeSpan Check = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Stale = TimeSpan.FromSeconds(6);

    readonly Dictionary<string, long> _renewed = [];

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(AskAboutTheStale, new GrainTimerCreationOptions(Check, Check) { Interleave = true });
        return Task.CompletedTask;
    }

    public async Task Put(NodeDescription node)
    {
        var changed = !state.State.Nodes.TryGetValue(node.Name, out var known) || known.State != node.State;
        state.State.Nodes[node.Name] = node;
        _renewed[node.Name] = time.GetTimestamp();
        if (changed)
        {
            await state.WriteStateAsync();
        }
    }

    public Task<NodeDescription[]> List() =>
        Task.FromResult(state.State.Nodes.Values.OrderBy(node => node.Name, StringComparer.Ordinal).ToArray());

    async Task AskAboutTheStale()
    {
        var now = time.GetTimestamp();
        foreach (var node in state.State.Nodes.Values.Where(node => node.State is NodeState.Active or NodeState.Draining).ToArray())
        {
            _renewed.TryAdd(node.Name, now);
            if (time.GetElapsedTime(_renewed[node.Name], now) < Stale)
            {
                continue;
            }

            try
            {
                await Put(await GrainFactory.GetGrain<IServerNodeGrain>(node.Name).Describe());
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                // Asked again with the next tick.
            }
        }
    }
}

[GenerateSerializer, Alias("tributary.node-catalog-state")]
public sealed class NodeCatalogState
{
    [Id(0)] public Dictionary<string, NodeDescription> Nodes { get; set; } = [];
}
