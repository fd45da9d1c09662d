using System.Collections.Concurrent;
using System.Reflection;
using Tributary.Grains.Access;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;

namespace Tributary.Unit.Gateway;

/// <summary>Grains as the gateway sees them, without a cluster: streams with a state that a test sets, and a count of the questions.</summary>
public class FakeCluster : DispatchProxy
{
    readonly ConcurrentDictionary<string, FakeStream> _streams = new();

    public static (IGrainFactory Grains, FakeCluster Cluster) Create()
    {
        var grains = Create<IGrainFactory, FakeCluster>();
        return (grains, (FakeCluster)(object)grains);
    }

    public FakeStream Stream(string name) => _streams.GetOrAdd(name, static key => new FakeStream(key));

    /// <summary>What the catalog of nodes lists.</summary>
    public NodeDescription[] Nodes { get; set; } = [new NodeDescription { Name = "node-1", State = NodeState.Active, LastSeen = default }];

    /// <summary>Names that were ever asked for.</summary>
    public int Known => _streams.Count;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod switch
    {
        { Name: nameof(IGrainFactory.CreateObjectReference) } => args![0],
        { Name: nameof(IGrainFactory.DeleteObjectReference) } => null,
        { Name: nameof(IGrainFactory.GetGrain), IsGenericMethod: true } when targetMethod.ReturnType == typeof(ILiveStreamGrain) => Stream((string)args![0]!),
        { Name: nameof(IGrainFactory.GetGrain), IsGenericMethod: true } when targetMethod.ReturnType == typeof(IStreamCatalogGrain) =>
            new FakeCatalog((long)args![0]!, _streams),
        { Name: nameof(IGrainFactory.GetGrain), IsGenericMethod: true } when targetMethod.ReturnType == typeof(INodeCatalogGrain) => new FakeNodes(this),
        { Name: nameof(IGrainFactory.GetGrain), IsGenericMethod: true } when targetMethod.ReturnType == typeof(IServerNodeGrain) =>
            new FakeNode(this, (string)args![0]!),
        { Name: nameof(IGrainFactory.GetGrain), IsGenericMethod: true } when targetMethod.ReturnType == typeof(IAccessCatalogGrain) => Access,
        _ => throw new NotSupportedException(targetMethod?.Name),
    };

    /// <summary>What operators decided about access.</summary>
    public FakeAccess Access { get; } = new();

    public sealed class FakeAccess : IAccessCatalogGrain
    {
        readonly Dictionary<string, StreamAccess> _streams = [];
        long _version;

        public Task<AccessList?> Read(long known) =>
            Task.FromResult(known == _version ? null : new AccessList { Version = _version, Streams = [.. _streams.Values] });

        public Task<bool> Set(StreamAccess access)
        {
            (_streams[access.Stream], _version) = (access, _version + 1);
            return Task.FromResult(true);
        }

        public Task<bool> Clear(string stream)
        {
            _version++;
            return Task.FromResult(_streams.Remove(stream));
        }
    }

    sealed class FakeCatalog(long shard, ConcurrentDictionary<string, FakeStream> streams) : IStreamCatalogGrain
    {
        public Task Put(StreamListing listing) => Task.CompletedTask;

        public Task Remove(string name) => Task.CompletedTask;

        public Task<StreamListing[]> List() => Task.FromResult(shard > 0 ? [] : streams.Values.Where(stream => stream.State != StreamState.OffAir)
            .Select(stream => new StreamListing { Name = stream.Name, State = stream.State, Since = default, Version = 1 }).ToArray());
    }

    sealed class FakeNodes(FakeCluster cluster) : INodeCatalogGrain
    {
        public Task Put(NodeDescription node) => Task.CompletedTask;

        public Task<NodeDescription[]> List() => Task.FromResult(cluster.Nodes);
    }

    // Drains at once.
    sealed class FakeNode(FakeCluster cluster, string name) : IServerNodeGrain
    {
        NodeDescription Node => cluster.Nodes.First(node => node.Name == name);

        public Task<NodeDescription> Describe() => Task.FromResult(Node);

        public Task<bool> Drain(bool draining)
        {
            var node = Node;
            if (node.State is NodeState.Dead)
            {
                return Task.FromResult(false);
            }

            var next = node with { State = draining ? NodeState.Draining : NodeState.Active, Report = node.Report! with { Drained = draining } };
            cluster.Nodes = [.. cluster.Nodes.Where(other => other.Name != name), next];
            return Task.FromResult(true);
        }

        public Task Heartbeat(NodeReport report, INodeObserver node) => throw new NotSupportedException();

        public Task<bool> Pull(Tributary.Grains.Pulls.PullAssignment assignment) => throw new NotSupportedException();

        public Task<bool> Record(Tributary.Grains.Recordings.RecordingAssignment assignment) => throw new NotSupportedException();

        public Task Leave() => throw new NotSupportedException();

        public Task SiloDied(string silo) => throw new NotSupportedException();
    }
}

public sealed class FakeStream(string name) : ILiveStreamGrain
{
    int _questions;

    public string Name => name;

    public StreamState State { get; set; }

    public int Questions => _questions;

    public IList<string> Watchers { get; } = [];

    public int Viewers { get; private set; }

    /// <summary>The node that its frames come from, where it is not the gateway's own.</summary>
    public string Node { get; set; } = "";

    /// <summary>The nodes that gateways lost sight of.</summary>
    public System.Threading.Channels.Channel<string> Doubted { get; } = System.Threading.Channels.Channel.CreateUnbounded<string>();

    /// <summary>What the grain answers where it does not answer as usual.</summary>
    public Func<Task>? Trouble { get; set; }

    public Task LookAfterRecording() => Task.CompletedTask;

    public async Task<LiveStreamDescription> Describe()
    {
        Interlocked.Increment(ref _questions);
        await (Trouble?.Invoke() ?? Task.CompletedTask);
        return new LiveStreamDescription { Name = name, State = State, Since = default, Epoch = 1, NextMsn = 0, DiscontinuitySequence = 0 };
    }

    public Task Evict() => throw new NotSupportedException();

    public Task EmitSyncPoints(SyncPointOrder order) => throw new NotSupportedException();

    public Task<StreamDirective> Watch(GatewayRegistration registration, ILiveStreamObserver observer)
    {
        Watchers.Add(registration.Gateway);
        Viewers = registration.Viewers;
        if (registration.LostNode.Length > 0)
        {
            Doubted.Writer.TryWrite(registration.LostNode);
        }

        return Task.FromResult(new StreamDirective { State = State, Epoch = 1, Version = 1, Node = Node });
    }

    public Task Unwatch(string gateway)
    {
        Watchers.Remove(gateway);
        return Task.CompletedTask;
    }

    public Task<PublishAnswer> Publish(PublishRequest request, IPublisherObserver publisher) => throw new NotSupportedException();

    public Task<ReportAnswer> Report(SourceReport report, IPublisherObserver publisher) => throw new NotSupportedException();

    public Task<bool> Unpublish(SourceReport last, PublishEnd end) => throw new NotSupportedException();

    public Task<RenditionAnswer> PlaceRendition(RenditionReport report) => throw new NotSupportedException();

    public Task<SwitchAnswer> Switch(int slot) => Task.FromResult(new SwitchAnswer
    {
        Outcome = slot == 0 ? SwitchOutcome.OnAir : SwitchOutcome.Pending, Sentence = $"slot {slot}",
    });

    public Task<SwitchAnswer> Transfer(string node) => Task.FromResult(new SwitchAnswer { Outcome = SwitchOutcome.Refused, Sentence = node });

    public Task<bool> ExpectSuccessor(int slot, string node) => throw new NotSupportedException();

    public Task<Vacancy> Vacate(string node) => throw new NotSupportedException();

    public Task Doubt(string node) => throw new NotSupportedException();
}
