using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Orleans.TestingHost;
using Orleans.TestingHost.Simulation;
using Tributary.Grains;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;

namespace Tributary.Cluster;

/// <summary>What a stream's grain does by policy, and for nodes that die, drain and stand still; on a clock that stands still until the test moves it.</summary>
public sealed class SourcePolicyTest : IAsyncLifetime
{
    const string Name = "show", WithOwnPolicy = "slow-show";
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly SimulatedClock _clock = new();
    readonly SharedMemoryGrainStorage _storage = new();
    readonly InProcessTestCluster _cluster;
    readonly List<object> _kept = [];   // the runtime keeps no observer alive

    public SourcePolicyTest() => _cluster = new InProcessTestClusterBuilder(1)
        .UseClock(_clock)
        .ConfigureSilo((_, silo) =>
        {
            silo.Services.AddKeyedSingleton<IGrainStorage>(GrainStorageName.Tributary, _storage);
            silo.Services.AddSingleton<NodeDirectory>();
            silo.Services.Configure<LiveStreamOptions>(options =>
            {
                options.GiveBackAfter = TimeSpan.FromSeconds(5);
                options.GiveBack[WithOwnPolicy] = TimeSpan.Zero;
            });
        })
        .Build();

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task The_primary_is_given_back_its_place_when_it_has_been_well_for_long_enough_without_a_break()
    {
        var stream = Stream(Name);
        var (primary, backup) = await BackupOnAir(stream);
        await Pass(4, stream, primary, backup);
        await stream.Report(primary.Standby() with { Fault = SourceFault.Stalled }, primary.Reference);
        await Pass(4, stream, primary, backup);
        Assert.False(backup.Yielded.Task.IsCompleted);   // eight seconds, with a break

        await Pass(2, stream, primary, backup);
        Assert.Equal(2, await backup.Yielded.Task.WaitAsync(Patience));
        await stream.Report(backup.Report(2, 20) with { Yielded = true, OpenMsn = 20 }, backup.Reference);
        Assert.Equal(20, (await primary.GrantedLease.Task.WaitAsync(Patience)).FirstMsn);
        Assert.Equal((SwitchReason.GiveBack, 0), await stream.Describe() is { LastSwitch: { } last } ? (last.Reason, last.Slot) : default);
    }

    [Fact]
    public async Task A_stream_may_have_a_policy_of_its_own()
    {
        var stream = Stream(WithOwnPolicy);
        var (primary, backup) = await BackupOnAir(stream);
        await Pass(30, stream, primary, backup);
        Assert.False(backup.Yielded.Task.IsCompleted);
    }

    [Fact]
    public async Task What_was_commanded_is_not_given_back()
    {
        var stream = Stream(Name);
        var (primary, backup) = await PrimaryOnAir(stream);
        await stream.Switch(1);
        await stream.Report(primary.Report(1, 9) with { Yielded = true, OpenMsn = 9 }, primary.Reference);
        await backup.GrantedLease.Task.WaitAsync(Patience);
        await Pass(30, stream, primary, backup);
        Assert.False(backup.Yielded.Task.IsCompleted);
    }

    [Fact]
    public async Task A_source_whose_word_that_it_yielded_was_lost_is_stopped_in_time_and_its_last_segment_stays()
    {
        var stream = Stream(Name);
        var (primary, backup) = await PrimaryOnAir(stream);
        await Watch(stream, "gateway-1", Edge(8));   // it cannot know yet that 8 is complete
        primary.Last = primary.Report(1, 9) with { Yielded = true, OpenMsn = 9, Open90k = 9 * 180_000 };
        await stream.Switch(1);
        await primary.Yielded.Task.WaitAsync(Patience);

        await Pass(7, stream, backup);
        var lease = await backup.GrantedLease.Task.WaitAsync(Patience);
        Assert.Equal((9L, 0, 9 * 180_000L), (lease.FirstMsn, lease.GapsBefore, lease.Start90k));
    }

    [Fact]
    public async Task A_change_that_could_not_be_written_down_is_completed_when_storage_is_back()
    {
        var stream = Stream(Name);
        var (primary, backup) = await PrimaryOnAir(stream);
        _storage.IsAway = true;
        await Assert.ThrowsAnyAsync<Exception>(() => stream.Unpublish(primary.Report(1, 9), PublishEnd.ConnectionLost));
        Assert.False(backup.GrantedLease.Task.IsCompleted);

        _storage.IsAway = false;
        await Pass(1, stream, backup);
        var lease = await backup.GrantedLease.Task.WaitAsync(Patience);
        Assert.Equal((8L, true), (lease.FirstMsn, lease.StartsDiscontinuity));
    }

    [Fact]
    public async Task An_activation_that_never_heard_what_became_of_its_write_makes_room_for_one_that_reads_it()
    {
        var stream = Stream(Name);
        var (primary, backup) = await PrimaryOnAir(stream);
        _storage.LosesAnswers = true;
        await Assert.ThrowsAnyAsync<Exception>(() => stream.Unpublish(primary.Report(1, 9), PublishEnd.ConnectionLost));
        _storage.LosesAnswers = false;
        _clock.Advance(TimeSpan.FromSeconds(1));   // only its timer writes again, and cannot

        // The next one has read that the backup is on air, and says so again when it reports.
        await stream.Report(backup.Standby(), backup.Reference);
        Assert.Equal(3, (await backup.GrantedLease.Task.WaitAsync(Patience)).Epoch);
    }

    [Fact]
    public async Task Gateways_are_told_of_no_source_that_is_not_written_down()
    {
        var stream = Stream(Name);
        var (primary, _) = await PrimaryOnAir(stream);
        _storage.IsAway = true;
        await Assert.ThrowsAnyAsync<Exception>(() => stream.Unpublish(primary.Report(1, 9), PublishEnd.ConnectionLost));
        _clock.Advance(TimeSpan.FromSeconds(3));   // it tries again and again

        var gateway = new Gateway(_cluster.Client);
        _kept.Add(gateway);
        var told = await stream.Watch(new GatewayRegistration { Gateway = "gateway-1" }, gateway.Reference);
        Assert.Equal((1L, "node-a"), (told.Epoch, told.Node));
    }

    [Fact]
    public async Task Who_takes_the_place_of_a_silent_source_begins_above_what_gateways_listed_of_it()
    {
        var stream = Stream(Name);
        var lost = new Encoder(_cluster.Client, slot: 0);
        await stream.Publish(lost.Request, lost.Reference);
        await stream.Report(lost.Report(1, 9), lost.Reference);
        await Watch(stream, "gateway-1", Edge(12));   // reports stayed away, pictures did not
        Die(lost);

        var next = new Encoder(_cluster.Client, slot: 0, node: "node-b");
        Assert.Equal(12, (await stream.Publish(next.Request, next.Reference)).Lease!.FirstMsn);
    }

    [Fact]
    public async Task A_source_that_falls_silent_does_not_keep_a_planned_switch_waiting()
    {
        var stream = Stream(Name);
        var (primary, backup) = await PrimaryOnAir(stream);
        primary.Last = primary.Report(1, 9);
        await stream.Switch(1);
        await stream.Report(primary.Report(1, 9) with { Fault = SourceFault.Silent }, primary.Reference);
        Assert.Equal(8, (await backup.GrantedLease.Task.WaitAsync(Patience)).FirstMsn);
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public async Task A_clock_that_is_set_makes_no_source_silent_no_gateway_late_and_no_node_unheard(int seconds)
    {
        var stream = Stream(Name);
        var (primary, backup) = await PrimaryOnAir(stream);
        await Watch(stream, "gateway-1", Edge(8));
        var node = _cluster.Client.GetGrain<IServerNodeGrain>("node-a");
        await node.Heartbeat(Node(), Kept(new FakeProcess()));

        _clock.Jump(TimeSpan.FromSeconds(seconds));
        await Pass(2, stream, primary, backup);
        var now = await stream.Describe();
        Assert.Equal((StreamState.Live, 1L, null), (now.State, now.Epoch, now.LastSwitch));
        Assert.Equal([0, 1], now.Slots.Select(slot => slot.Request.Slot));
        Assert.Equal(["gateway-1"], now.Gateways);
        Assert.Equal(NodeState.Active, (await node.Describe()).State);
    }

    [Fact]
    public async Task When_a_node_is_declared_dead_its_streams_go_on_from_another_at_once()
    {
        var stream = Stream(Name);
        var (primary, backup) = await PrimaryOnAir(stream);
        var node = _cluster.Client.GetGrain<IServerNodeGrain>("node-a");
        await node.Heartbeat(Node() with { Silo = "10.0.0.1:7" }, Kept(new FakeProcess()));
        Die(primary);
        await node.SiloDied("10.0.0.1:7");

        Assert.Equal(2, (await backup.GrantedLease.Task.WaitAsync(Patience)).Epoch);   // and the clock has not moved
        Assert.Equal(SwitchReason.HostLost, (await stream.Describe()).LastSwitch!.Reason);
    }

    [Fact]
    public async Task Where_the_host_of_the_backup_does_not_answer_either_the_grain_is_cut_off_and_the_source_goes_on()
    {
        var stream = Stream(Name);
        var (primary, backup) = await PrimaryOnAir(stream);
        Die(primary);
        Die(backup);
        await stream.Doubt("node-a");
        Assert.Equal((StreamState.Live, 1L, "node-a"), await stream.Describe() is var now ? (now.State, now.Epoch, now.Slots[0].Request.Node) : default);
    }

    [Fact]
    public async Task Numbers_that_were_reserved_are_not_begun_where_neither_a_report_nor_a_gateway_says_how_far_they_were_listed()
    {
        var stream = Stream(Name);
        var lost = new Encoder(_cluster.Client, slot: 0);
        await stream.Publish(lost.Request, lost.Reference);
        var gateway = await Watch(stream, "gateway-1", Edge(2));
        _cluster.Client.DeleteObjectReference<ILiveStreamObserver>(gateway.Reference);   // its node lives, as far as anybody knows
        Die(lost);

        var next = new Encoder(_cluster.Client, slot: 0, node: "node-b");
        // Nor are those that both may come to together while the grain does not reach them.
        Assert.Equal(16 + 16, (await stream.Publish(next.Request, next.Reference)).Lease!.FirstMsn);
    }

    [Fact]
    public async Task A_host_that_does_not_answer_keeps_the_stream_while_nobody_else_has_it()
    {
        var stream = Stream(Name);
        var alone = new Encoder(_cluster.Client, slot: 0);
        await stream.Publish(alone.Request, alone.Reference);
        await stream.Report(alone.Report(1, 9), alone.Reference);
        Die(alone);
        await stream.Doubt("node-a");
        Assert.Equal((StreamState.Live, 1L), await stream.Describe() is var now ? (now.State, now.Epoch) : default);
    }

    [Fact]
    public async Task A_node_that_is_to_be_vacated_waits_for_a_backup_that_is_well_and_stays_without_one()
    {
        var stream = Stream(Name);
        var primary = new Encoder(_cluster.Client, slot: 0);
        await stream.Publish(primary.Request, primary.Reference);
        Assert.Equal(Vacancy.Staying, await stream.Vacate("node-a"));
        Assert.Equal(Vacancy.Vacant, await stream.Vacate("node-b"));

        var backup = new Encoder(_cluster.Client, slot: 1, node: "node-b");
        await stream.Publish(backup.Request, backup.Reference);
        Assert.Equal(Vacancy.Moving, await stream.Vacate("node-a"));
        Assert.False(primary.Yielded.Task.IsCompleted);

        await stream.Report(backup.Standby(), backup.Reference);
        Assert.Equal(Vacancy.Moving, await stream.Vacate("node-a"));
        await primary.Yielded.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_standby_moves_to_another_node_without_a_word_to_viewers()
    {
        var stream = Stream(Name);
        var (_, backup) = await PrimaryOnAir(stream);
        Assert.False(await stream.ExpectSuccessor(1, "node-b"));   // it is there already
        Assert.True(await stream.ExpectSuccessor(1, "node-c"));
        var successor = new Encoder(_cluster.Client, slot: 1, node: "node-c");
        Assert.Equal(PublishOutcome.Standby, (await stream.Publish(successor.Request, successor.Reference)).Outcome);

        Assert.Equal(PublishEnd.Transferred, await backup.RevokedAs.Task.WaitAsync(Patience));
        var now = await stream.Describe();
        Assert.Equal((1L, "node-a", "node-c", ""), (now.Epoch, now.Slots[0].Request.Node, now.Slots[1].Request.Node, now.TransferTo));
    }

    [Fact]
    public async Task A_gateway_that_cannot_be_found_may_live_until_its_node_has_said_good_bye()
    {
        var stream = Stream(Name);
        var (primary, backup) = await PrimaryOnAir(stream);
        var gateway = await Watch(stream, "gateway-1", Edge(8));
        _cluster.Client.DeleteObjectReference<ILiveStreamObserver>(gateway.Reference);
        await stream.Unpublish(primary.Report(1, 9), PublishEnd.ConnectionLost);
        Assert.Equal(1, (await backup.GrantedLease.Task.WaitAsync(Patience)).GapsBefore);

        var node = _cluster.Client.GetGrain<IServerNodeGrain>("gateway-1");
        await node.Heartbeat(Node(), Kept(new FakeProcess()));
        await node.Leave();
        var again = new Encoder(_cluster.Client, slot: 0);
        await stream.Publish(again.Request, again.Reference);
        await stream.Report(again.Standby(), again.Reference);
        await stream.Unpublish(backup.Report(2, 12), PublishEnd.ConnectionLost);
        Assert.Equal(0, (await again.GrantedLease.Task.WaitAsync(Patience)).GapsBefore);
        Assert.Empty((await stream.Describe()).Gateways);
    }

    [Fact]
    public async Task A_gateway_that_is_held_for_dead_may_be_frozen_and_is_asked_once()
    {
        var stream = Stream(Name);
        var (primary, backup) = await PrimaryOnAir(stream);
        var gateway = await Watch(stream, "gateway-1", Edge(8));
        _cluster.Client.DeleteObjectReference<ILiveStreamObserver>(gateway.Reference);
        var node = _cluster.Client.GetGrain<IServerNodeGrain>("gateway-1");
        await node.Heartbeat(Node() with { Silo = "S1" }, Kept(new FakeProcess()));
        await node.SiloDied("S1");

        await stream.Unpublish(primary.Report(1, 9), PublishEnd.ConnectionLost);
        Assert.Equal(1, (await backup.GrantedLease.Task.WaitAsync(Patience)).GapsBefore);
        Assert.Empty((await stream.Describe()).Gateways);
    }

    [Fact]
    public async Task Sync_points_are_ordered_from_all_encoders_and_from_those_that_come_later()
    {
        var stream = Stream(Name);
        var (primary, backup) = await PrimaryOnAir(stream);
        var order = new SyncPointOrder(TimeSpan.FromSeconds(8), DateTimeOffset.UnixEpoch.AddHours(1));
        await stream.EmitSyncPoints(order);
        Assert.Equal(order, await primary.Ordered.Task.WaitAsync(Patience));
        Assert.Equal(order, await backup.Ordered.Task.WaitAsync(Patience));

        await stream.Unpublish(primary.Report(1, 9), PublishEnd.ConnectionLost);
        var next = new Encoder(_cluster.Client, slot: 0);
        Assert.Equal(order, (await stream.Publish(next.Request, next.Reference)).SyncPoints);
    }

    ILiveStreamGrain Stream(string name) => _cluster.Client.GetGrain<ILiveStreamGrain>(name);

    // Slot 0 at node-a cuts segment 8, slot 1 at node-b stands by with what it needs to go on.
    async Task<(Encoder Primary, Encoder Backup)> PrimaryOnAir(ILiveStreamGrain stream)
    {
        var primary = new Encoder(_cluster.Client, slot: 0);
        var backup = new Encoder(_cluster.Client, slot: 1, node: "node-b");
        await stream.Publish(primary.Request, primary.Reference);
        await stream.Report(primary.Report(1, 9), primary.Reference);
        await stream.Publish(backup.Request, backup.Reference);
        await stream.Report(backup.Standby(), backup.Reference);
        return (primary, backup);
    }

    // The primary fell silent; it is back, and stands by.
    async Task<(Encoder Primary, Encoder Backup)> BackupOnAir(ILiveStreamGrain stream)
    {
        var (lost, backup) = await PrimaryOnAir(stream);
        await stream.Unpublish(lost.Report(1, 9), PublishEnd.Silent);
        await backup.GrantedLease.Task.WaitAsync(Patience);
        var primary = new Encoder(_cluster.Client, slot: 0);
        await stream.Publish(primary.Request, primary.Reference);
        await stream.Report(primary.Standby(), primary.Reference);
        return (primary, backup);
    }

    // Seconds go by in which the sources report as they are wont to.
    async Task Pass(int seconds, ILiveStreamGrain stream, params Encoder[] sources)
    {
        for (var second = 0; second < seconds; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            foreach (var source in sources)
            {
                var slot = (await stream.Describe()).Slots.First(slot => slot.Request.Session == source.Request.Session);
                var epoch = (await stream.Describe()).Epoch;
                await stream.Report(slot.OnAir ? source.Report(epoch, 10 + epoch) : source.Standby(), source.Reference);
            }
        }
    }

    void Die(Encoder encoder) => _cluster.Client.DeleteObjectReference<IPublisherObserver>(encoder.Reference);

    async Task<Gateway> Watch(ILiveStreamGrain stream, string name, WindowEdge edge)
    {
        var gateway = new Gateway(_cluster.Client) { Edge = edge };
        _kept.Add(gateway);
        await stream.Watch(new GatewayRegistration { Gateway = name }, gateway.Reference);
        return gateway;
    }

    INodeObserver Kept(INodeObserver process)
    {
        _kept.Add(process);
        return _cluster.Client.CreateObjectReference<INodeObserver>(process);
    }

    static WindowEdge Edge(long msn) => new()
    {
        Msn = msn, PartsSent = false, Start90k = msn * 180_000, End90k = msn * 180_000, StartTime = DateTimeOffset.UnixEpoch, DiscontinuitySequence = 0,
    };

    static NodeReport Node() =>
        new() { Roles = ["ingest"], StartedAt = DateTimeOffset.UnixEpoch, State = NodeState.Active, Load = new NodeLoad { Cores = 1 } };

    sealed class FakeProcess : INodeObserver
    {
        public Task Ping() => Task.CompletedTask;

        public Task Drain(bool draining) => Task.CompletedTask;

        public Task Record(Tributary.Grains.Recordings.RecordingAssignment assignment) => Task.CompletedTask;

        public Task Pull(Tributary.Grains.Pulls.PullAssignment assignment) => Task.CompletedTask;
    }
}
