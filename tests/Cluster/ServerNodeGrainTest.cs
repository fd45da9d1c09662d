using Orleans.TestingHost;
using Tributary.Grains.ServerNodes;

namespace Tributary.Cluster;

/// <summary>What the cluster thinks of a node that reports, drains, leaves, falls silent, or whose silo dies.</summary>
public sealed class ServerNodeGrainTest : IAsyncLifetime
{
    static int _nodes;

    readonly InProcessTestCluster _cluster = TestClusters.Of(2);
    readonly string _name = $"node-{Interlocked.Increment(ref _nodes)}";

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    IServerNodeGrain Node => _cluster.Client.GetGrain<IServerNodeGrain>(_name);

    [Fact]
    public async Task A_node_that_reports_is_listed_and_one_that_leaves_is_not_dead()
    {
        var process = new Process(_cluster.Client);
        await Node.Heartbeat(Report(NodeState.Active), process.Reference);
        var listed = Assert.Single(await _cluster.Client.GetGrain<INodeCatalogGrain>(0).List(), node => node.Name == _name);
        Assert.Equal((NodeState.Active, true), (listed.State, listed.Has("ingest")));

        await Node.Leave();
        await Node.SiloDied("10.0.0.1:1");
        Assert.Equal(NodeState.Left, (await Node.Describe()).State);
    }

    [Fact]
    public async Task A_node_whose_silo_the_membership_declares_dead_is_dead_at_once_and_an_earlier_silo_of_it_does_not_count()
    {
        await Node.Heartbeat(Report(NodeState.Active) with { Silo = "10.0.0.1:2" }, new Process(_cluster.Client).Reference);
        await Node.SiloDied("10.0.0.1:1");
        Assert.Equal(NodeState.Active, (await Node.Describe()).State);
        await Node.SiloDied("10.0.0.1:2");
        Assert.Equal(NodeState.Dead, (await Node.Describe()).State);
    }

    [Fact]
    public async Task A_silent_node_that_answers_when_asked_is_not_dead_and_one_that_does_not_is()
    {
        var process = new Process(_cluster.Client);
        await Node.Heartbeat(Report(NodeState.Active), process.Reference);
        await process.Asked.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(NodeState.Active, (await Node.Describe()).State);

        _cluster.Client.DeleteObjectReference<INodeObserver>(process.Reference);
        await Until(NodeState.Dead);

        // It was only slow: its next word brings it back.
        await Node.Heartbeat(Report(NodeState.Active), new Process(_cluster.Client).Reference);
        Assert.Equal(NodeState.Active, (await Node.Describe()).State);
    }

    [Fact]
    public async Task A_late_word_of_an_earlier_run_changes_nothing()
    {
        var process = new Process(_cluster.Client);
        await Node.Heartbeat(Report(NodeState.Active) with { StartedAt = DateTimeOffset.UnixEpoch.AddDays(2) }, process.Reference);
        await Node.Heartbeat(Report(NodeState.Draining) with { StartedAt = DateTimeOffset.UnixEpoch.AddDays(1) }, process.Reference);
        Assert.Equal(NodeState.Active, (await Node.Describe()).State);
    }

    [Fact]
    public async Task The_command_to_drain_reaches_the_process_and_a_dead_one_answers_no()
    {
        var process = new Process(_cluster.Client);
        await Node.Heartbeat(Report(NodeState.Active), process.Reference);
        Assert.True(await Node.Drain(true));
        Assert.True(process.Draining);
        await Node.Heartbeat(Report(NodeState.Draining), process.Reference);
        Assert.Equal(NodeState.Draining, (await Node.Describe()).State);
        Assert.True(await Node.Drain(false));
        Assert.False(process.Draining);

        await Node.Leave();
        Assert.False(await Node.Drain(true));
    }

    async Task Until(NodeState state)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await Node.Describe()).State != state)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    static NodeReport Report(NodeState state) =>
        new() { Roles = ["ingest"], StartedAt = DateTimeOffset.UnixEpoch, State = state, Load = new NodeLoad { Cores = 1 } };

    sealed class Process : INodeObserver
    {
        public Process(IGrainFactory grains) => Reference = grains.CreateObjectReference<INodeObserver>(this);

        public INodeObserver Reference { get; }

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Draining { get; private set; }

        public Task Ping()
        {
            Asked.TrySetResult();
            return Task.CompletedTask;
        }

        public Task Record(Tributary.Grains.Recordings.RecordingAssignment assignment) => Task.CompletedTask;

        public Task Pull(Tributary.Grains.Pulls.PullAssignment assignment) => Task.CompletedTask;

        public Task Drain(bool draining)
        {
            Draining = draining;
            return Task.CompletedTask;
        }
    }
}
