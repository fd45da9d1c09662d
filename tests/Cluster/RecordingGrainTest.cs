using Orleans.TestingHost;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Recordings;
using Eventually = Tributary.EndToEnd.Harness.Eventually;

namespace Tributary.Cluster;

/// <summary>The grain that looks after a stream's recorder, on whichever engine the build has.</summary>
public sealed class RecordingGrainTest : IAsyncLifetime
{
    readonly InProcessTestCluster _cluster = TestClusters.Of(2);

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task One_that_went_down_with_its_silo_is_back_while_its_stream_is_on_air_though_nobody_asks_for_it()
    {
        const string Name = "recorded-by-command";
        var (stream, recording, management) = (_cluster.Client.GetGrain<ILiveStreamGrain>(Name), _cluster.Client.GetGrain<IRecordingGrain>(Name), _cluster.Client.GetGrain<IManagementGrain>(0));
        var encoder = new Encoder(_cluster.Client, slot: 0);
        var lease = (await stream.Publish(encoder.Request, encoder.Reference)).Lease!;
        await recording.Start();
        var silo = await management.GetActivationAddress(recording);
        Assert.NotNull(silo);

        await _cluster.KillSiloAsync(_cluster.Silos.Single(one => one.SiloAddress.Equals(silo)));

        var other = await Eventually.Get("the recording's grain is at the other silo", TimeSpan.FromSeconds(30), async () =>
        {
            try
            {
                await stream.Report(encoder.Report(lease.Epoch, 1), encoder.Reference);   // as a source does every second
                return await management.GetActivationAddress(recording) is { } now && !now.Equals(silo) ? now : null;
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                return null;   // the cluster settles
            }
        });
        Assert.NotEqual(silo, other);
        Assert.True(await recording.IsWanted());
    }
}
