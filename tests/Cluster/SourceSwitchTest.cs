using Orleans.TestingHost;
using Tributary.Grains.LiveStreams;

namespace Tributary.Cluster;

/// <summary>Which source a stream's grain puts on air, and where it lets it go on.</summary>
public sealed class SourceSwitchTest : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    static int _streams;

    readonly InProcessTestCluster _cluster = TestClusters.Of(1);
    readonly string _name = $"switched-{Interlocked.Increment(ref _streams)}";

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    ILiveStreamGrain Stream => _cluster.Client.GetGrain<ILiveStreamGrain>(_name);

    [Fact]
    public async Task A_silent_source_gives_way_to_the_backup_that_begins_its_open_number_anew()
    {
        var (primary, backup) = await PrimaryAndBackup();
        primary.Last = primary.Report(1, 9);

        await Stream.Report(primary.Report(1, 9) with { Fault = SourceFault.Silent }, primary.Reference);

        var lease = await backup.GrantedLease.Task.WaitAsync(Patience);
        Assert.Equal((2L, 8L, 8 * 180_000L, 0), (lease.Epoch, lease.FirstMsn, lease.Start90k, lease.GapsBefore));
        Assert.Equal((true, 1L, null), (lease.StartsDiscontinuity, lease.DiscontinuitySequence, lease.Offset90k));
        Assert.Equal(1, await primary.Stopped.Task.WaitAsync(Patience));
        var stream = await Stream.Describe();
        Assert.Equal((SwitchReason.Silent, 1, "node-b"), (stream.LastSwitch!.Reason, stream.LastSwitch.Slot, stream.LastSwitch.Node));
        Assert.Equal([true, false], stream.Slots.Select(slot => slot.OnAir));   // the silent one stands by
    }

    [Fact]
    public async Task A_source_with_a_fault_stays_while_nobody_could_do_better()
    {
        var primary = new Encoder(_cluster.Client, slot: 0);
        await Stream.Publish(primary.Request, primary.Reference);
        Assert.Equal(ReportOutcome.Accepted, (await Stream.Report(primary.Report(1, 3) with { Fault = SourceFault.Silent }, primary.Reference)).Outcome);
        Assert.Equal(1, (await Stream.Describe()).Epoch);
    }

    [Fact]
    public async Task The_furthest_gateway_decides_where_the_next_source_begins()
    {
        var (primary, backup) = await PrimaryAndBackup();
        await Watch("near", Edge(9));    // it saw the source begin 9, which the source had no time to report
        await Watch("far", Edge(7));

        await Stream.Unpublish(primary.Report(1, 9), PublishEnd.ConnectionLost);

        var lease = await backup.GrantedLease.Task.WaitAsync(Patience);
        Assert.Equal((9L, 9 * 180_000L), (lease.FirstMsn, lease.Start90k));
    }

    [Fact]
    public async Task A_number_of_which_players_got_parts_is_closed_as_a_gap()
    {
        var (primary, backup) = await PrimaryAndBackup();
        await Watch("near", Edge(8) with { PartsSent = true, End90k = 8 * 180_000 + 90_000 });

        Assert.True(await Stream.Unpublish(primary.Report(1, 9), PublishEnd.ConnectionLost));

        var lease = await backup.GrantedLease.Task.WaitAsync(Patience);
        Assert.Equal((9L, 1, 8 * 180_000L), (lease.FirstMsn, lease.GapsBefore, lease.GapStart90k));
        Assert.Equal(8 * 180_000 + 90_000, lease.Start90k);   // and all of its media comes after it
        Assert.Equal(1, (await Stream.Describe()).LastSwitch!.Gaps);
    }

    [Fact]
    public async Task A_gateway_that_does_not_answer_may_have_listed_the_number()
    {
        var (primary, backup) = await PrimaryAndBackup();
        await Watch("gone", null, isDead: true);

        await Stream.Unpublish(primary.Report(1, 9), PublishEnd.ConnectionLost);

        Assert.Equal((9L, 1), await backup.GrantedLease.Task.WaitAsync(Patience) is var lease ? (lease.FirstMsn, lease.GapsBefore) : default);
    }

    [Fact]
    public async Task A_recorder_that_does_not_answer_binds_nobody()
    {
        var (primary, backup) = await PrimaryAndBackup();
        await Watch("gone/recorder", null, isDead: true);

        await Stream.Unpublish(primary.Report(1, 9), PublishEnd.ConnectionLost);

        Assert.Equal((8L, 0), await backup.GrantedLease.Task.WaitAsync(Patience) is var lease ? (lease.FirstMsn, lease.GapsBefore) : default);
    }

    [Fact]
    public async Task Two_sources_of_one_programme_change_without_a_discontinuity()
    {
        var (primary, backup) = await PrimaryAndBackup();
        var sights = Enumerable.Range(0, 4).Select(n => new KeyFrameSight(n * 90_000, n * 90_000, 100 + n, DateTimeOffset.UnixEpoch.AddSeconds(n))).ToArray();
        var later = sights.Select(sight => sight with { Place90k = sight.Place90k - 5_000 }).ToArray();
        await Stream.Report(backup.Standby() with { Place = new SourcePlace { Configuration = 3, KeyFrames = later, Kept90k = 0 } }, backup.Reference);

        await Stream.Unpublish(primary.Report(1, 9) with { Place = new SourcePlace { Configuration = 3, KeyFrames = sights, Shift90k = 700 } }, PublishEnd.ConnectionLost);

        var lease = await backup.GrantedLease.Task.WaitAsync(Patience);
        Assert.Equal((false, 0L, 5_700L), (lease.StartsDiscontinuity, lease.DiscontinuitySequence, lease.Offset90k));
    }

    [Fact]
    public async Task A_host_that_does_not_answer_when_somebody_lost_sight_of_it_is_lost_at_once()
    {
        var (primary, backup) = await PrimaryAndBackup();
        await Stream.Doubt("node-a");
        Assert.Equal(1, (await Stream.Describe()).Epoch);   // it answers

        primary.IsDead = true;
        var gateway = new Gateway(_cluster.Client);
        var directive = await Stream.Watch(new GatewayRegistration { Gateway = "g", LostNode = "node-a" }, gateway.Reference);

        Assert.Equal((2L, "node-b"), (directive.Epoch, directive.Node));
        Assert.Equal(2, (await backup.GrantedLease.Task.WaitAsync(Patience)).Epoch);
        Assert.Equal(SwitchReason.HostLost, (await Stream.Describe()).LastSwitch!.Reason);
    }

    [Fact]
    public async Task A_lost_source_hears_whether_another_goes_on_in_its_place()
    {
        var (primary, backup) = await PrimaryAndBackup();
        primary.Quiet = TimeSpan.FromSeconds(5);
        var anew = new Encoder(_cluster.Client, slot: 0);
        await Stream.Publish(anew.Request, anew.Reference);
        Assert.Equal(PublishEnd.Replaced, await primary.RevokedAs.Task.WaitAsync(Patience));
        Assert.True(primary.GoesOn);   // what it had of its open number is not all of it

        await Stream.Unpublish(anew.Report(0, 0), PublishEnd.Unpublished);
        await Stream.Unpublish(backup.Report(2, 9), PublishEnd.Unpublished);
        Assert.Equal(PublishEnd.Unpublished, await backup.RevokedAs.Task.WaitAsync(Patience));
        Assert.False(backup.GoesOn);
    }

    [Fact]
    public async Task Where_neither_source_nor_gateway_answers_the_numbers_that_they_come_to_stay_free()
    {
        var (primary, backup) = await PrimaryAndBackup();
        await Watch("gone", null, isDead: true);
        primary.IsDead = true;

        await Stream.Doubt("node-a");

        var lease = await backup.GrantedLease.Task.WaitAsync(Patience);
        var numbers = new LiveStreamOptions().NumbersReserved;
        Assert.Equal((9L + numbers, 1 + numbers, 8 * 180_000L), (lease.FirstMsn, lease.GapsBefore, lease.GapStart90k));
        Assert.Equal(9 * 180_000L, lease.Start90k);   // on the timeline it is one segment
    }

    [Fact]
    public async Task A_command_takes_effect_at_the_end_of_the_segment()
    {
        var (primary, backup) = await PrimaryAndBackup();

        Assert.Equal(SwitchOutcome.OnAir, (await Stream.Switch(0)).Outcome);
        Assert.Equal(SwitchOutcome.Refused, (await Stream.Switch(2)).Outcome);
        Assert.Equal(SwitchOutcome.Pending, (await Stream.Switch(1)).Outcome);
        Assert.Equal(1, await primary.Yielded.Task.WaitAsync(Patience));
        Assert.Equal(1, (await Stream.Describe()).Epoch);

        await Stream.Report(primary.Report(1, 9) with { Yielded = true, OpenMsn = 9, Open90k = 9 * 180_000 }, primary.Reference);

        var lease = await backup.GrantedLease.Task.WaitAsync(Patience);
        Assert.Equal((9L, 9 * 180_000L, 0), (lease.FirstMsn, lease.Start90k, lease.GapsBefore));
        Assert.Equal(SwitchReason.Command, (await Stream.Describe()).LastSwitch!.Reason);
        Assert.False(primary.Stopped.Task.IsCompleted);
        Assert.Equal(ReportOutcome.Accepted, (await Stream.Report(primary.Standby(), primary.Reference)).Outcome);
    }

    [Fact]
    public async Task A_transfer_takes_the_successor_at_the_new_node_and_then_ends_the_former()
    {
        var former = new Encoder(_cluster.Client, slot: 0);
        await Stream.Publish(former.Request, former.Reference);
        await Stream.Report(former.Report(1, 4), former.Reference);
        var successor = new Encoder(_cluster.Client, slot: 0, node: "node-c");
        Assert.Equal(PublishOutcome.Refused, (await Stream.Publish(successor.Request, successor.Reference)).Outcome);   // not announced

        Assert.Equal(SwitchOutcome.Pending, (await Stream.Transfer("node-c")).Outcome);
        Assert.Equal("node-c", (await Stream.Describe()).TransferTo);
        Assert.Equal(PublishOutcome.Standby, (await Stream.Publish(successor.Request, successor.Reference)).Outcome);
        await Stream.Report(successor.Standby(), successor.Reference);
        await former.Yielded.Task.WaitAsync(Patience);
        await Stream.Report(former.Report(1, 5) with { Yielded = true, OpenMsn = 5, Open90k = 5 * 180_000 }, former.Reference);

        Assert.Equal(5, (await successor.GrantedLease.Task.WaitAsync(Patience)).FirstMsn);
        Assert.Equal(PublishEnd.Transferred, await former.RevokedAs.Task.WaitAsync(Patience));
        var stream = await Stream.Describe();
        Assert.Equal(("", "node-c", 0, true), (stream.TransferTo, Assert.Single(stream.Slots).Request.Node, stream.Slots[0].Slot, stream.Slots[0].OnAir));
    }

    [Fact]
    public async Task A_node_that_wants_to_be_rid_of_a_stream_is_told_when_it_is()
    {
        var (primary, backup) = await PrimaryAndBackup();

        Assert.Equal(Vacancy.Moving, await Stream.Vacate("node-a"));
        await primary.Yielded.Task.WaitAsync(Patience);
        await Stream.Report(primary.Report(1, 9) with { Yielded = true, OpenMsn = 9 }, primary.Reference);

        await backup.GrantedLease.Task.WaitAsync(Patience);
        Assert.Equal(Vacancy.Vacant, await Stream.Vacate("node-a"));
        Assert.Equal(SwitchReason.Drain, (await Stream.Describe()).LastSwitch!.Reason);
    }

    // Slot 0 at node-a cuts segment 8, slot 1 at node-b stands by with what it needs to go on.
    async Task<(Encoder Primary, Encoder Backup)> PrimaryAndBackup()
    {
        var primary = new Encoder(_cluster.Client, slot: 0);
        var backup = new Encoder(_cluster.Client, slot: 1, node: "node-b");
        await Stream.Publish(primary.Request, primary.Reference);
        await Stream.Report(primary.Report(1, 9), primary.Reference);
        await Stream.Publish(backup.Request, backup.Reference);
        await Stream.Report(backup.Standby(), backup.Reference);
        return (primary, backup);
    }

    // The runtime keeps no gateway alive.
    readonly List<Gateway> _gateways = [];

    async Task Watch(string name, WindowEdge? edge, bool isDead = false)
    {
        var gateway = new Gateway(_cluster.Client) { Edge = edge, IsDead = isDead };
        _gateways.Add(gateway);
        await Stream.Watch(new GatewayRegistration { Gateway = name }, gateway.Reference);
    }

    static WindowEdge Edge(long msn) => new()
    {
        Msn = msn, PartsSent = false, Start90k = msn * 180_000, End90k = msn * 180_000, StartTime = DateTimeOffset.UnixEpoch, DiscontinuitySequence = 0,
    };
}
