using System.Diagnostics;
using Xunit.Abstractions;

namespace Tributary.Cluster.Engine.Processes;

/// <summary>Clusters of real processes with a real PostgreSQL, broken on purpose. Figures are printed.</summary>
[Collection("processes")]
public sealed class ProcessTests(ITestOutputHelper output)
{
    [SkippableFact(Timeout = 120_000)]
    public async Task Calls_results_and_exceptions_cross_processes()
    {
        await using var cluster = await ProcessTestCluster.Start(2);
        var places = new HashSet<string>();
        for (var i = 0; i < 40; i++)
        {
            var counter = cluster.Counter($"calls-{i}");
            Assert.Equal(2, await counter.Add(2));
            Assert.Equal(5, await counter.Add(3));
            places.Add(await counter.WhereAmI());
        }

        Assert.Equal(2, places.Count);
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.Counter("fails").Fail("as asked"));
        Assert.Equal("as asked", exception.Message);
        Assert.Contains("CounterGrain", exception.StackTrace);
    }

    [SkippableFact(Timeout = 120_000)]
    public async Task Values_references_observers_and_cancellation_cross_processes()
    {
        await using var cluster = await ProcessTestCluster.Start(2);
        var places = new HashSet<string>();
        for (var i = 0; places.Count < 2 && i < 50; i++)
        {
            var speaker = cluster.Client.GetGrain<ISpeakerGrain>($"speaker-{i}");
            places.Add(await speaker.WhereAmI());
            var note = new LoudNote("hello", i, new() { [speaker.GetGrainId()] = [TimeSpan.FromSeconds(i)] }) { Sound = new byte[] { 1, 2, 3 } };
            var echo = Assert.IsType<LoudNote>(await speaker.Echo(note));
            Assert.Equal("hello", echo.Text);
            Assert.Equal(i, echo.Volume);
            Assert.Equal([TimeSpan.FromSeconds(i)], echo.Times[speaker.GetGrainId()]);
            Assert.Equal([1, 2, 3], echo.Sound.ToArray());

            Assert.Equal(1, await (await speaker.Counter($"by-reference-{i}")).Add(1));
            Assert.Equal(i, (await Assert.ThrowsAsync<SpeakerException>(() => speaker.Refuse(i))).Code);

            var listener = new Listener();
            var reference = cluster.Client.CreateObjectReference<IListener>(listener);
            await speaker.Add(reference);
            await speaker.Say("one");
            Assert.Equal("answer to two", await speaker.Ask("two"));
            Assert.Equal(["one"], listener.Texts);
            GC.KeepAlive(listener);

            using var cancellation = new CancellationTokenSource();
            var waiting = speaker.WaitFor(cancellation.Token);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }

        Assert.Equal(2, places.Count);
    }

    [SkippableFact(Timeout = 120_000)]
    public async Task A_grain_that_all_silos_call_first_at_once_has_one_activation()
    {
        await using var cluster = await ProcessTestCluster.Start(3);
        var speakers = await cluster.SpeakersOnEverySilo();
        for (var round = 0; round < 20; round++)
        {
            var places = await Task.WhenAll(speakers.Select(speaker => speaker.CountAndTell($"race-{round}")));
            Assert.Single(places.Distinct());
            Assert.Equal(3, await cluster.Counter($"race-{round}").Get());
        }
    }

    [SkippableFact(Timeout = 120_000)]
    public async Task While_PostgreSQL_is_away_calls_go_on_and_nobody_is_declared_dead()
    {
        await using var cluster = await ProcessTestCluster.Start(2);
        var counters = Enumerable.Range(0, 10).Select(i => cluster.Counter($"away-{i}")).ToArray();
        foreach (var counter in counters)
        {
            await counter.Add(1);
        }

        var place = await counters[9].WhereAmI();
        var asking = await cluster.SpeakersOnEverySilo();
        await cluster.Database.Stop();
        var watch = Stopwatch.StartNew();
        var calls = 0;
        while (watch.Elapsed < TimeSpan.FromSeconds(8))
        {
            foreach (var counter in counters)
            {
                Assert.Equal(1, await counter.Get());
                calls++;
            }

            await Task.Delay(50);
        }

        // By another client's ways too: silos that do not know where the grains live ask the others.
        var speakers = 0;
        foreach (var known in asking)
        {
            speakers += await known.Where("away-9") == place ? 1 : 0;
        }

        Assert.Equal(2, speakers);
        await cluster.Database.Begin();
        Assert.All(cluster.Silos, silo => Assert.False(silo.HasExited, silo.Output));
        await Eventually.Succeeds(TimeSpan.FromSeconds(10), () => counters[0].Add(1));
        Assert.Equal(2L, await cluster.Database.Scalar("SELECT count(*) FROM OrleansMembershipTable WHERE Status = 3"));
        output.WriteLine($"{calls} calls while PostgreSQL was away, none failed");
    }

    [SkippableFact(Timeout = 120_000)]
    public async Task After_all_were_killed_a_cold_start_is_ready_at_once_and_waits_for_no_ghost()
    {
        await using var cluster = await ProcessTestCluster.Start(3);
        await cluster.Counter("cold").Add(4);
        await cluster.StopClient();
        var ports = cluster.Silos.Select(s => (s.SiloPort, s.GatewayPort)).ToArray();
        cluster.Silos.ForEach(silo => silo.Kill());

        // Two come back at their old endpoints; the third never does.
        var watch = Stopwatch.StartNew();
        await cluster.StartSilo(ports[0].SiloPort, ports[0].GatewayPort);
        await cluster.StartClient();
        for (var i = 0; i < 30; i++)
        {
            await cluster.Counter($"after-{i}").Add(1);
        }

        Assert.Equal(4, await cluster.Counter("cold").Get());
        output.WriteLine($"cold start of one silo with two ghosts: {watch.ElapsedMilliseconds} ms to 31 grains answering, process start included");
        await cluster.StartSilo(ports[1].SiloPort, ports[1].GatewayPort);
        await Eventually.IsTrue(TimeSpan.FromSeconds(5), async () =>
            2L == (long)(await cluster.Database.Scalar("SELECT count(*) FROM OrleansMembershipTable WHERE Status = 3"))!);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}: {cluster.Logs()}");
    }

    [SkippableFact(Timeout = 120_000)]
    public async Task A_silo_joins_though_the_clock_of_its_predecessor_was_a_day_ahead()
    {
        await using var cluster = await ProcessTestCluster.Start(1);
        await cluster.Counter("before").Add(1);
        await cluster.StopClient();
        cluster.Silos[0].Kill();
        var last = (int)(await cluster.Database.Scalar("UPDATE OrleansMembershipTable SET Generation = Generation + 86400 RETURNING Generation"))!;
        await cluster.Database.Scalar("UPDATE TributaryActivations SET Generation = Generation + 86400");

        await cluster.Restart(cluster.Silos[0]);
        await cluster.StartClient();
        Assert.Equal(1, await cluster.Counter("before").Get());
        Assert.Equal(last + 1, await cluster.Database.Scalar("SELECT Generation FROM OrleansMembershipTable WHERE Status = 3"));

        // The next one too, with the row of the one before it being dead already.
        cluster.Silos[1].Kill();
        await cluster.Database.Scalar("UPDATE OrleansMembershipTable SET Status = 6");
        await cluster.Restart(cluster.Silos[0]);
        Assert.Equal(last + 2, await cluster.Database.Scalar("SELECT Generation FROM OrleansMembershipTable WHERE Status = 3"));
    }

    [SkippableFact(Timeout = 120_000)]
    public async Task Management_counts_the_activations_of_every_process()
    {
        await using var cluster = await ProcessTestCluster.Start(2);
        var counters = Enumerable.Range(0, 30).Select(i => cluster.Counter($"counted-{i}")).ToArray();
        var places = (await Task.WhenAll(counters.Select(c => c.WhereAmI()))).Distinct().Count();
        Assert.Equal(2, places);
        var management = cluster.Client.GetGrain<IManagementGrain>(0);
        Assert.Equal(31, await management.GetTotalActivationCount());   // and itself
        Assert.Equal(2, (await management.GetSimpleGrainStatistics()).Where(s => s.GrainType.Contains("CounterGrain")).Sum(s => s.ActivationCount) / 15);
        Assert.Equal(1, await management.GetGrainActivationCount((GrainReference)counters[7]));
        await management.ForceActivationCollection(TimeSpan.Zero);
        await Eventually.IsTrue(TimeSpan.FromSeconds(10), async () => await management.GetTotalActivationCount() <= 1);
    }

    [SkippableFact(Timeout = 120_000)]
    public async Task A_state_that_another_has_written_is_not_overwritten()
    {
        await using var cluster = await ProcessTestCluster.Start(1);
        var counter = cluster.Counter("fence");
        await counter.Add(1);
        await cluster.Database.Scalar("UPDATE OrleansStorage SET Version = Version + 1, PayloadBinary = convert_to('{\"Count\":40}', 'UTF8') WHERE GrainIdExtensionString = 'fence'");
        var exception = await Assert.ThrowsAsync<Orleans.Storage.InconsistentStateException>(() => counter.Add(1));
        Assert.Equal("2", exception.StoredEtag);
        Assert.Equal("1", exception.CurrentEtag);

        // The activation that was wrong has ended; the next one reads.
        Assert.Equal(42, await counter.Add(2));
        Assert.Equal(3, await cluster.Database.Scalar("SELECT Version FROM OrleansStorage WHERE GrainIdExtensionString = 'fence'"));
    }

    [SkippableFact(Timeout = 120_000)]
    public async Task A_reminder_fires_once_a_period_and_goes_on_when_a_silo_dies()
    {
        await using var cluster = await ProcessTestCluster.Start(3);
        var speakers = Enumerable.Range(0, 6).Select(i => cluster.Client.GetGrain<ISpeakerGrain>($"reminded-{i}")).ToArray();
        await Task.WhenAll(speakers.Select(s => s.RemindEverySecond()));
        await Task.Delay(TimeSpan.FromSeconds(5.5));
        var ticks = await Task.WhenAll(speakers.Select(s => s.Ticks()));
        output.WriteLine($"ticks in 5.5 s: {string.Join(' ', ticks)}");
        Assert.All(ticks, count => Assert.InRange(count, 3, 7));

        cluster.Silos[0].Kill();
        await Eventually.Succeeds(TimeSpan.FromSeconds(10), async () => ticks = await Task.WhenAll(speakers.Select(s => s.Ticks())));
        await Eventually.IsTrue(TimeSpan.FromSeconds(20), async () =>
        {
            var later = await Task.WhenAll(speakers.Select(s => s.Ticks()));
            return later.Zip(ticks).All(pair => pair.First > pair.Second || pair.First >= 3);
        });
    }

    sealed class Listener : IListener
    {
        public List<string> Texts { get; } = [];

        public Task Heard(string text)
        {
            Texts.Add(text);
            return Task.CompletedTask;
        }

        public Task<string> Ask(string text) => Task.FromResult($"answer to {text}");
    }
}
