using Orleans.TestingHost;
using Tributary.Grains.LiveStreams;

namespace Tributary.Cluster;

/// <summary>The life of a stream's grain, on whichever engine the build has.</summary>
public sealed class LiveStreamGrainTest : IAsyncLifetime
{
    static int _streams;

    readonly InProcessTestCluster _cluster = TestClusters.Of(2);

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    readonly string _name = $"stream-{Interlocked.Increment(ref _streams)}";

    ILiveStreamGrain Stream => _cluster.Client.GetGrain<ILiveStreamGrain>(_name);

    [Fact]
    public async Task The_first_publisher_gets_a_lease_that_begins_the_numbering()
    {
        var encoder = new Encoder(_cluster.Client, slot: 0);

        var answer = await Stream.Publish(encoder.Request, encoder.Reference);

        Assert.Equal(PublishOutcome.OnAir, answer.Outcome);
        Assert.Equal((1, 0, 0, false), (answer.Lease!.Epoch, answer.Lease.FirstMsn, answer.Lease.DiscontinuitySequence, answer.Lease.StartsDiscontinuity));
        Assert.Equal(StreamState.Live, (await Stream.Describe()).State);
    }

    [Fact]
    public async Task A_second_publisher_of_a_slot_that_sends_is_refused_with_a_sentence()
    {
        var first = new Encoder(_cluster.Client, slot: 0);
        var second = new Encoder(_cluster.Client, slot: 0);
        await Stream.Publish(first.Request, first.Reference);

        var answer = await Stream.Publish(second.Request, second.Reference);

        Assert.Equal((PublishOutcome.Refused, PublishRefusalReason.AlreadyPublishing), (answer.Outcome, answer.Reason));
        Assert.Contains(_name, answer.Sentence);
    }

    [Fact]
    public async Task A_silent_publisher_gives_way_and_numbering_goes_on_after_a_discontinuity()
    {
        var silent = new Encoder(_cluster.Client, slot: 0) { Quiet = TimeSpan.FromSeconds(2) };
        var next = new Encoder(_cluster.Client, slot: 0);
        await Stream.Publish(silent.Request, silent.Reference);
        await Stream.Report(silent.Report(epoch: 1, nextMsn: 5), silent.Reference);

        var lease = (await Stream.Publish(next.Request, next.Reference)).Lease!;

        Assert.Equal((2, 5, 1, true), (lease.Epoch, lease.FirstMsn, lease.DiscontinuitySequence, lease.StartsDiscontinuity));
        Assert.Equal(PublishEnd.Replaced, await silent.RevokedAs.Task.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(ReportOutcome.Superseded, (await Stream.Report(silent.Report(epoch: 1, nextMsn: 6), silent.Reference)).Outcome);
    }

    [Fact]
    public async Task A_publisher_of_an_earlier_run_of_the_same_node_gives_way_at_once()
    {
        var before = new Encoder(_cluster.Client, slot: 0);
        var after = new Encoder(_cluster.Client, slot: 0) { Run = Guid.NewGuid() };
        await Stream.Publish(before.Request, before.Reference);

        Assert.Equal(PublishOutcome.OnAir, (await Stream.Publish(after.Request, after.Reference)).Outcome);
    }

    [Fact]
    public async Task The_backup_stands_by_and_takes_over_when_the_primary_ends()
    {
        var primary = new Encoder(_cluster.Client, slot: 0);
        var backup = new Encoder(_cluster.Client, slot: 1);
        await Stream.Publish(primary.Request, primary.Reference);
        Assert.Equal(PublishOutcome.Standby, (await Stream.Publish(backup.Request, backup.Reference)).Outcome);

        await Stream.Unpublish(primary.Report(epoch: 1, nextMsn: 9), PublishEnd.ConnectionLost);
        var lease = await backup.GrantedLease.Task.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal((2, 8), (lease.Epoch, lease.FirstMsn));   // nobody watched: the open number is begun anew
        Assert.Equal(StreamState.Live, (await Stream.Describe()).State);
    }

    [Fact]
    public async Task A_stream_without_source_is_held_and_tells_its_gateways()
    {
        var encoder = new Encoder(_cluster.Client, slot: 0);
        var gateway = new Gateway(_cluster.Client);
        Assert.Equal(StreamState.OffAir, (await Stream.Watch(new GatewayRegistration { Gateway = "g1" }, gateway.Reference)).State);
        await Stream.Publish(encoder.Request, encoder.Reference);
        await gateway.Until(directive => directive is { State: StreamState.Live, Node: "node-a" });

        await Stream.Unpublish(encoder.Report(epoch: 1, nextMsn: 3), PublishEnd.Unpublished);

        await gateway.Until(directive => directive.State == StreamState.Held);
        Assert.Equal((StreamState.Held, 3L), ((await Stream.Describe()).State, (await Stream.Describe()).NextMsn));
    }

    [Fact]
    public async Task The_catalog_lists_what_is_live_and_asks_no_stream()
    {
        var encoder = new Encoder(_cluster.Client, slot: 0);
        await Stream.Publish(encoder.Request, encoder.Reference);

        var line = Assert.Single(await _cluster.Client.ListStreams(), line => line.Name == _name);
        Assert.Equal((StreamState.Live, "node-a"), (line.State, line.Node));
    }

    [Fact]
    public async Task When_its_silo_is_killed_the_grain_answers_elsewhere_under_a_higher_epoch_and_numbering_goes_on()
    {
        var encoder = new Encoder(_cluster.Client, slot: 0);
        await Stream.Publish(encoder.Request, encoder.Reference);
        await Stream.Report(encoder.Report(epoch: 1, nextMsn: 4), encoder.Reference);
        var owner = (await Stream.Describe()).Owner;

        await _cluster.KillSiloAsync(_cluster.Silos.First(silo => silo.SiloAddress.ToString() == owner));
        var answer = await Insist(() => Stream.Report(encoder.Report(epoch: 1, nextMsn: 5), encoder.Reference));

        Assert.Equal((ReportOutcome.Accepted, 2), (answer.Outcome, answer.Epoch));
        var after = await Stream.Describe();
        Assert.NotEqual(owner, after.Owner);
        Assert.Equal((StreamState.Live, 5L, 2L), (after.State, after.NextMsn, after.Epoch));
    }

    [Fact]
    public async Task The_last_word_of_a_lease_counts_although_the_host_had_not_heard_that_it_was_renewed()
    {
        var encoder = new Encoder(_cluster.Client, slot: 0);
        await Stream.Publish(encoder.Request, encoder.Reference);
        await Stream.Report(encoder.Report(epoch: 1, nextMsn: 4), encoder.Reference);
        var owner = (await Stream.Describe()).Owner;
        await _cluster.KillSiloAsync(_cluster.Silos.First(silo => silo.SiloAddress.ToString() == owner));
        await Insist(() => Stream.Report(encoder.Report(epoch: 1, nextMsn: 5), encoder.Reference));

        await Stream.Unpublish(encoder.Report(epoch: 1, nextMsn: 7), PublishEnd.ConnectionLost);

        Assert.Equal((StreamState.Held, 7L), await Stream.Describe() is var held ? (held.State, held.NextMsn) : default);
        var next = new Encoder(_cluster.Client, slot: 0);
        Assert.Equal(7, (await Stream.Publish(next.Request, next.Reference)).Lease!.FirstMsn);
    }

    [Fact]
    public async Task Numbers_that_could_not_be_reserved_while_the_storage_was_away_are_reserved_with_the_next_report()
    {
        var encoder = new Encoder(_cluster.Client, slot: 0);
        await Stream.Publish(encoder.Request, encoder.Reference);
        await Stream.Report(encoder.Report(epoch: 1, nextMsn: 4), encoder.Reference);

        SharedMemoryGrainStorage.Instance.Refused = _name;
        await Assert.ThrowsAnyAsync<Exception>(() => Stream.Report(encoder.Report(epoch: 1, nextMsn: 18), encoder.Reference));
        SharedMemoryGrainStorage.Instance.Refused = null;
        await Stream.Report(encoder.Report(epoch: 1, nextMsn: 25), encoder.Reference);
        var owner = (await Stream.Describe()).Owner;
        await _cluster.KillSiloAsync(_cluster.Silos.First(silo => silo.SiloAddress.ToString() == owner));

        Assert.True((await Insist(() => Stream.Describe())).NextMsn >= 25);
    }

    // What every caller of an idempotent method does while the cluster settles.
    static async Task<T> Insist<T>(Func<Task<T>> call)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                return await call().WaitAsync(TimeSpan.FromSeconds(2));   // a call in flight to a dead silo is answered by nobody
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException && !deadline.IsCancellationRequested)
            {
                await Task.Yield();
            }
        }
    }
}
