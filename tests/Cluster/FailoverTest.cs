using System.Net;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Streams;
using Orleans.TestingHost;
using Tributary.Gateway.Live;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;
using Tributary.Ingest.Publishing;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Cluster;

/// <summary>A publisher's host and a gateway outside the silos: what a viewer sees while the silo that owns the stream dies.</summary>
public sealed class FailoverTest : IAsyncLifetime
{
    static readonly TrackInfo Video = new()
    {
        Id = 1, Codec = Codec.H264, Timescale = 90_000, CodecString = "avc1.64001f", Width = 640, Height = 360,
        DecoderConfig = Convert.FromHexString("0164001FFFE1001967640015ACD940A02FF970110000030001000003003C8F162D9601000668EBE3CB22C0"),
    };

    readonly InProcessTestCluster _cluster = TestClusters.Of(1);
    ServiceProvider _host = null!;

    public async Task InitializeAsync()
    {
        await _cluster.DeployAsync();
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Publish:ReportInterval"] = "00:00:00.050" }).Build();
        _host = new ServiceCollection().AddLogging().AddMetrics().AddSingleton(TimeProvider.System)
            .AddSingleton<IGrainFactory>(_cluster.Client).AddSingleton(new NodeIdentity("edge", "127.0.0.1:1"))
            .AddFrameStreams(configuration).AddPublishing(configuration).BuildServiceProvider();
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task When_the_owning_silo_is_killed_the_viewers_playlist_has_no_gap_and_goes_on()
    {
        // 1. A stream is live on the only silo; a second silo joins.
        var session = await Publish("show");
        using var viewer = new Viewer(_host, "show");
        using var arena = new FrameArena(new FramePool());
        var clock = 0L;
        void Send(int seconds) => clock = Feed(session, arena, clock, seconds);
        Send(10);
        var stream = _cluster.Client.GetGrain<ILiveStreamGrain>("show");
        var before = await Until(() => stream.Describe(), description => description.NextMsn == 5);
        await _cluster.StartAdditionalSiloAsync();

        // 2. The owner dies while the encoder goes on.
        await _cluster.KillSiloAsync(_cluster.Silos.First(silo => silo.SiloAddress.ToString() == before.Owner));
        Send(10);

        // 3. The grain answers elsewhere, under a higher epoch, and knows the numbering from the publisher's reports.
        var after = await Until(() => stream.Describe(), description => description.Epoch > before.Epoch && description.NextMsn == 10);
        Assert.NotEqual(before.Owner, after.Owner);
        Assert.Equal((StreamState.Live, before.Epoch + 1), (after.State, after.Epoch));

        // 4. The viewer saw nothing of it: one unbroken playlist, without discontinuity, gap or end.
        Send(3);
        var playlist = viewer.Playlist();
        var numbers = playlist.Split('\n').Where(line => line.StartsWith("seg-")).Select(line => int.Parse(line.Split('-')[1])).ToArray();
        Assert.Equal(Enumerable.Range(0, 11), numbers);
        Assert.DoesNotContain("#EXT-X-DISCONTINUITY\n", playlist);
        Assert.DoesNotContain("#EXT-X-GAP", playlist);
        Assert.DoesNotContain("#EXT-X-ENDLIST", playlist);
        await session.EndAsync(PublishEnd.Unpublished);
    }

    async Task<PublishSession> Publish(string name)
    {
        var target = new PublishTarget(name, 0, null, "test", new IPEndPoint(IPAddress.Loopback, 1));
        var result = await _host.GetRequiredService<Publisher>().PublishAsync(target, CancellationToken.None);
        return result.Session ?? throw new InvalidOperationException(result.Sentence);
    }

    static long Feed(PublishSession session, FrameArena arena, long milliseconds, int seconds)
    {
        for (var end = milliseconds + seconds * 1_000; milliseconds < end; milliseconds += 40)
        {
            var flags = milliseconds % 2_000 == 0 ? FrameFlags.Key : FrameFlags.None;
            session.OnFrame(new Frame(Video, arena.Allocate(500), milliseconds, 0, 0, flags), SourceClock.Rtmp);
        }

        return milliseconds;
    }

    static async Task<T> Until<T>(Func<Task<T>> ask, Func<T, bool> met)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                var answer = await ask().WaitAsync(TimeSpan.FromSeconds(2));   // a call in flight to a dead silo is answered by nobody
                if (met(answer))
                {
                    return answer;
                }
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                // The cluster settles.
            }

            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    sealed class Viewer : IAsyncObserver<FrameBatch>, IDisposable
    {
        readonly LiveWindow _window = new(new LiveWindowOptions(), Muxers.All);
        readonly HlsPlaylists _playlists;

        public Viewer(IServiceProvider host, string stream)
        {
            _playlists = new HlsPlaylists(_window);
            var frames = host.GetRequiredKeyedService<IStreamProvider>(FrameStreamProvider.ProviderName);
            _ = frames.GetStream<FrameBatch>(FrameStreamHosting.FramesOf(stream)).SubscribeAsync(this);
        }

        public string Playlist() => Encoding.UTF8.GetString(_playlists.Media(_window.View, HlsForm.Cmaf, 1, 0)!.Plain.Span);

        public Task OnNextAsync(FrameBatch item, StreamSequenceToken? token = null)
        {
            _window.Append(item.Frames.Span);
            return Task.CompletedTask;
        }

        public Task OnCompletedAsync() => Task.CompletedTask;

        public Task OnErrorAsync(Exception ex) => throw new InvalidOperationException("The window failed.", ex);

        public void Dispose() => _window.Dispose();
    }
}
