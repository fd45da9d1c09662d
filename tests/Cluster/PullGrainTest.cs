using Orleans.TestingHost;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Pulls;
using Tributary.Grains.ServerNodes;

namespace Tributary.Cluster;

/// <summary>Which node pulls, and when another does.</summary>
public sealed class PullGrainTest : IAsyncLifetime
{
    readonly InProcessTestCluster _cluster = TestClusters.Of(1);
    readonly List<FakeNode> _nodes = [];

    public async Task InitializeAsync()
    {
        await _cluster.DeployAsync();
        foreach (var earlier in await _cluster.Client.GetGrain<IPullCatalogGrain>(0).Names())
        {
            await _cluster.Client.GetGrain<IPullGrain>(earlier).Stop();   // of other tests, which the storage remembers, as are their nodes
        }

        foreach (var earlier in await _cluster.Client.GetGrain<INodeCatalogGrain>(0).List())
        {
            await _cluster.Client.GetGrain<IServerNodeGrain>(earlier.Name).Leave();
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task The_least_busy_node_pulls_and_the_backup_takes_over_in_the_same_slot_when_it_dies()
    {
        var (one, two) = (await Node("dies-1", 1), await Node("dies-2", 0));
        var pull = _cluster.Client.GetGrain<IPullGrain>("dies");
        await pull.Start(new PullSource { Url = "rtmp://media.example/live/a" });
        var first = await two.Assigned(assignment => assignment.Source is not null);
        await Until(pull, description => description.Backup == "dies-1");
        Assert.Equal(PullOrder.GoOn, await pull.Report(two.Report(first.Epoch, PullState.Streaming)));

        await two.Die();
        var next = await one.Assigned(assignment => assignment.Source is not null);
        Assert.Equal((first.Slot, true), (next.Slot, next.Epoch > first.Epoch));
        await Until(pull, description => description is { Primary: "dies-1", Why: "node dies-2 is Dead" });

        // It was only thought dead: what it says late is answered with a stop.
        Assert.Equal(PullOrder.Stop, await pull.Report(two.Report(first.Epoch, PullState.Streaming)));
    }

    [Fact]
    public async Task A_draining_node_pulls_until_the_stream_has_moved_to_the_next_one_in_the_same_slot()
    {
        var (one, two) = (await Node("drains-1", 0), await Node("drains-2", 1));
        var pull = _cluster.Client.GetGrain<IPullGrain>("drains");
        await pull.Start(new PullSource { Url = "rtmp://media.example/live/a" });
        var first = await one.Assigned(assignment => assignment.Source is not null);
        await pull.Report(one.Report(first.Epoch, PullState.Streaming));
        var stream = _cluster.Client.GetGrain<ILiveStreamGrain>("drains");
        var former = new Encoder(_cluster.Client, first.Slot, node: "drains-1");
        await stream.Publish(former.Request, former.Reference);

        one.State = NodeState.Draining;
        var next = await two.Assigned(assignment => assignment.Source is not null);
        Assert.Equal(first.Slot, next.Slot);
        Assert.Equal(PullOrder.GoOn, await pull.Report(one.Report(first.Epoch, PullState.Streaming)));
        Assert.Equal(PullOrder.GoOn, await pull.Report(two.Report(next.Epoch, PullState.Connecting)));
        Assert.Equal("drains-1", (await pull.Describe())!.Leaving);

        // The next one's frames come, and it waits for the end of the segment: the former goes on.
        var successor = new Encoder(_cluster.Client, next.Slot, node: "drains-2");
        Assert.Equal(PublishOutcome.Standby, (await stream.Publish(successor.Request, successor.Reference)).Outcome);
        Assert.Equal(PullOrder.GoOn, await pull.Report(two.Report(next.Epoch, PullState.Streaming)));
        Assert.Equal(PullOrder.GoOn, await pull.Report(one.Report(first.Epoch, PullState.Streaming)));
        Assert.Equal("drains-1", (await pull.Describe())!.Leaving);

        // The stream has moved.
        await stream.Report(former.Report(1, 4), former.Reference);
        await stream.Report(successor.Standby(), successor.Reference);
        await former.Yielded.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await stream.Report(former.Report(1, 5) with { Yielded = true, OpenMsn = 5 }, former.Reference);
        Assert.Equal(5, (await successor.GrantedLease.Task.WaitAsync(TimeSpan.FromSeconds(20))).FirstMsn);
        Assert.Equal(PublishEnd.Transferred, await former.RevokedAs.Task.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(PullOrder.GoOn, await pull.Report(two.Report(next.Epoch, PullState.Streaming)));
        await one.Assigned(assignment => assignment.Source is null);
        Assert.Equal(PullOrder.Stop, await pull.Report(one.Report(first.Epoch, PullState.Streaming)));
    }

    [Fact]
    public async Task What_is_stopped_is_forgotten_and_the_same_again_changes_nothing()
    {
        var one = await Node("stops-1", 0);
        var pull = _cluster.Client.GetGrain<IPullGrain>("stops");
        var source = new PullSource { Url = "rtmp://media.example/live/a" };
        var epoch = (await pull.Start(source))!.Epoch;
        Assert.Equal(epoch, (await pull.Start(source with { }))!.Epoch);
        var catalog = _cluster.Client.GetGrain<IPullCatalogGrain>(0);
        Assert.Contains("stops", await catalog.Names());

        Assert.True(await pull.Stop());
        Assert.False(await pull.Stop());
        await one.Assigned(assignment => assignment.Source is null);
        Assert.Null(await pull.Describe());
        Assert.DoesNotContain("stops", await catalog.Names());
        Assert.Equal(PullOrder.Stop, await pull.Report(one.Report(epoch, PullState.Streaming)));
    }

    async Task<FakeNode> Node(string name, int publishers)
    {
        var node = new FakeNode(_cluster.Client, name, publishers);
        _nodes.Add(node);
        await node.Begin();
        return node;
    }

    static async Task Until(IPullGrain pull, Func<PullDescription, bool> met)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await pull.Describe() is not { } description || !met(description))
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>A node as the grains see it: reports every second, and remembers what it was told to pull.</summary>
    sealed class FakeNode : INodeObserver, IAsyncDisposable
    {
        readonly System.Threading.Channels.Channel<PullAssignment> _assignments = System.Threading.Channels.Channel.CreateUnbounded<PullAssignment>();
        readonly CancellationTokenSource _dead = new();
        readonly IGrainFactory _grains;
        readonly INodeObserver _reference;
        readonly string _name;
        readonly int _publishers;
        Task _living = Task.CompletedTask;

        public FakeNode(IGrainFactory grains, string name, int publishers)
        {
            (_grains, _name, _publishers) = (grains, name, publishers);
            _reference = grains.CreateObjectReference<INodeObserver>(this);
        }

        public NodeState State { get; set; }

        public async Task Begin()
        {
            await Beat();
            _living = Live();
        }

        public async Task Die()
        {
            _grains.DeleteObjectReference<INodeObserver>(_reference);
            await DisposeAsync();
        }

        public async Task<PullAssignment> Assigned(Func<PullAssignment, bool> met)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (true)
            {
                var assignment = await _assignments.Reader.ReadAsync(deadline.Token);
                if (met(assignment))
                {
                    return assignment;
                }
            }
        }

        public PullReport Report(long epoch, PullState state) => new() { Node = _name, Epoch = epoch, State = state };

        public Task Record(Tributary.Grains.Recordings.RecordingAssignment assignment) => Task.CompletedTask;

        public Task Ping() => Task.CompletedTask;

        public Task Drain(bool draining) => Task.CompletedTask;

        public Task Pull(PullAssignment assignment)
        {
            _assignments.Writer.TryWrite(assignment);
            return Task.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            if (!_dead.IsCancellationRequested)
            {
                await _dead.CancelAsync();
                await _living;
            }
        }

        Task Beat() => _grains.GetGrain<IServerNodeGrain>(_name).Heartbeat(
            new NodeReport { Roles = ["ingest"], StartedAt = DateTimeOffset.UnixEpoch, State = State, Load = new NodeLoad { Cores = 1, Publishers = _publishers } },
            _reference);

        // The clock of a node, not a way to wait for anything.
        async Task Live()
        {
            using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
            try
            {
                while (await beat.WaitForNextTickAsync(_dead.Token))
                {
                    await Beat();
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or OrleansException or TimeoutException)
            {
                // Dead, or the cluster ends.
            }
        }
    }
}
