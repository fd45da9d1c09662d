using Orleans.TestingHost;
using Tributary.Grains.LiveStreams;

namespace Tributary.Cluster;

/// <summary>Several renditions of one entry: the entry's grain keeps the timeline, whichever of them are on air.</summary>
public sealed class RenditionsTest : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    static int _entries;

    readonly InProcessTestCluster _cluster = TestClusters.Of(2);
    readonly string _entry = $"entry-{Interlocked.Increment(ref _entries)}";

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task The_first_leads_and_the_others_go_on_air_where_its_segment_began()
    {
        var (one, two) = (new Encoder(_cluster.Client, slot: 0), new Encoder(_cluster.Client, slot: 0));
        var leader = (await Stream(2).Publish(two.Request, two.Reference)).Lease!;
        Assert.Equal(PublishOutcome.Standby, (await Stream(1).Publish(one.Request, one.Reference)).Outcome);
        await Stream(2).Report(OnAir(two, leader, open: 3), two.Reference);
        await Stream(1).Report(Waiting(one, newest: 3), one.Reference);

        var lease = await one.GrantedLease.Task.WaitAsync(Patience);
        Assert.Equal((3L, Start(3), false, Start(0)), (lease.FirstMsn, lease.Start90k, lease.StartsDiscontinuity, lease.Offset90k));
        var entry = await Stream(1).Describe();
        Assert.Equal(["1 False", "2 True"], entry.Renditions.Select(rendition => $"{rendition.Rendition} {rendition.Leads}"));
        Assert.Equal(2, Assert.Single((await Watch(1)).Renditions));
    }

    [Fact]
    public async Task Numbering_goes_on_with_the_renditions_that_stay_and_begins_above_all_of_them_when_none_stayed()
    {
        var (one, two, back) = (new Encoder(_cluster.Client, slot: 0), new Encoder(_cluster.Client, slot: 0), new Encoder(_cluster.Client, slot: 0));
        var first = (await Stream(1).Publish(one.Request, one.Reference)).Lease!;
        await Stream(1).Report(OnAir(one, first, open: 3), one.Reference);
        await Stream(2).Publish(two.Request, two.Reference);
        await Stream(2).Report(Waiting(two, newest: 3), two.Reference);
        var second = await two.GrantedLease.Task.WaitAsync(Patience);

        await Stream(2).Report(OnAir(two, second, open: 4), two.Reference);
        await Stream(1).Unpublish(OnAir(one, first, open: 4), PublishEnd.ConnectionLost);
        Assert.Equal(StreamState.Live, (await Stream(1).Describe()).State);
        await Stream(2).Report(OnAir(two, second, open: 9), two.Reference);
        await Stream(2).Unpublish(OnAir(two, second, open: 9), PublishEnd.Unpublished);
        Assert.Equal(StreamState.Held, (await Stream(1).Describe()).State);

        var lease = (await Stream(1).Publish(back.Request, back.Reference)).Lease!;
        Assert.Equal((10L, true), (lease.FirstMsn, lease.StartsDiscontinuity));
    }

    [Fact]
    public async Task A_rendition_whose_segments_begin_elsewhere_is_stopped_and_joins_again()
    {
        var (one, two) = (new Encoder(_cluster.Client, slot: 0), new Encoder(_cluster.Client, slot: 0));
        var first = (await Stream(1).Publish(one.Request, one.Reference)).Lease!;
        await Stream(1).Report(OnAir(one, first, open: 3), one.Reference);
        await Stream(2).Publish(two.Request, two.Reference);
        await Stream(2).Report(Waiting(two, newest: 3), two.Reference);
        var second = await two.GrantedLease.Task.WaitAsync(Patience);
        await Stream(1).Report(OnAir(one, first, open: 4), one.Reference);

        two.Last = OnAir(two, second, open: 4) with { Open90k = Start(4) - 90_000 };
        await Stream(2).Report(two.Last, two.Reference);
        await two.Stopped.Task.WaitAsync(Patience);
        Assert.DoesNotContain((await Stream(2).Describe()).Slots, slot => slot.OnAir);
        Assert.Contains((await Stream(1).Describe()).Slots, slot => slot.OnAir);
    }

    ILiveStreamGrain Stream(int rendition) => _cluster.Client.GetGrain<ILiveStreamGrain>(RenditionName.StreamOf(_entry, rendition));

    Task<StreamDirective> Watch(int rendition) =>
        Stream(rendition).Watch(new GatewayRegistration { Gateway = "gateway-1" }, new Gateway(_cluster.Client).Reference);

    static long Start(long msn) => 900_000 + msn * 180_000;

    static SourceReport OnAir(Encoder encoder, StreamLease lease, long open) => encoder.Report(lease.Epoch, open + 1) with
    {
        Open90k = Start(open),
        OpenTime = DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(2 * open),
        Place = Place(open) with { Shift90k = Start(0) },
    };

    static SourceReport Waiting(Encoder encoder, long newest) => encoder.Report(0, 0) with { Place = Place(newest) with { Kept90k = 0 } };

    // Key frames every two seconds, stamped from zero on by the clock of one encoder.
    static SourcePlace Place(long newest) => new()
    {
        Configuration = 1,
        KeyFrames = [.. Enumerable.Range(0, (int)newest + 1).Select(second =>
            new KeyFrameSight(second * 180_000, second * 180_000, 0, DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(2 * second)))],
    };
}
