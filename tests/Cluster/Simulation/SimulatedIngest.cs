using System.Buffers.Binary;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Streams;
using Orleans.TestingHost.Simulation;
using Tributary.Grains.Frames;
using Tributary.Grains.ServerNodes;
using Tributary.Ingest.Publishing;
using Tributary.Media.Frames;

namespace Tributary.Cluster.Simulation;

/// <summary>A host that publishes: the product's <see cref="Publisher"/>, sessions, hubs and frame channels over a simulated client.</summary>
sealed class SimulatedIngest(SimulatedCluster cluster, string name, string machine) : SimulatedNode(cluster, name, machine)
{
    static readonly IConfiguration Settings = new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?> { ["Publish:Anonymous"] = "always" }).Build();

    public Publisher Publisher => Services.GetRequiredService<Publisher>();

    /// <summary>Sends a gateway the frames of a stream, from that segment on, until the gateway's link or either process ends. Part of this process.</summary>
    public void Feed(string stream, long fromMsn, GatewayLink link) => _ = Services.GetRequiredKeyedService<IStreamProvider>(FrameStreamProvider.ProviderName)
        .GetStream<FrameBatch>(FrameStreamHosting.FramesOf(stream)).SubscribeAsync(new Feeder(World, Process, link), new FrameSequenceToken(fromMsn));

    protected override IServiceProvider StartProcess(Action active) => Process.StartClient(
        client =>
        {
            SimulatedCluster.Configure(client);
            client.Services.AddSingleton(new NodeIdentity(Name, $"{Machine}:11200"));
            client.Services.AddFrameStreams(Settings).AddPublishing(Settings);
        },
        active);

    protected override void Began() => new NodeReports(Process, Services, Name, "ingest").Begin();

    /// <summary>One gateway's subscription: every batch is a message over the network.</summary>
    sealed class Feeder(SimulatedWorld world, SimulatedProcess process, GatewayLink link) : IAsyncObserver<FrameBatch>
    {
        long _sent;

        public Task OnNextAsync(FrameBatch item, StreamSequenceToken? token = null)
        {
            if (link.IsOpen)
            {
                var frames = item.Frames.ToArray().Select(f => new SentFrame(f.Segment, Content.Of(f.Frame))).ToArray();
                var number = _sent++;
                world.Network.Tell(process, link.Process, () => link.Take(number, frames, item.Signal));
            }

            return Task.CompletedTask;
        }

        public Task OnCompletedAsync() => Task.CompletedTask;

        public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
    }
}

/// <summary>A frame as a gateway gets it.</summary>
sealed record SentFrame(SegmentMark Segment, Content Content);

/// <summary>What is in a frame: whose it is, and the how manyeth.</summary>
readonly record struct Content(int Session, int Number)
{
    public static Content Of(Frame frame) => new(BinaryPrimitives.ReadInt32BigEndian(frame.Data.Span), BinaryPrimitives.ReadInt32BigEndian(frame.Data.Span[4..]));

    public FrameData Write(FrameArena arena)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(bytes, Session);
        BinaryPrimitives.WriteInt32BigEndian(bytes[4..], Number);
        return arena.Copy(bytes);
    }
}

/// <summary>
/// An encoder: publishes one slot of a stream, a key frame per second, for as long as the world lasts. It sees nothing of the cluster but its connection: when that
/// ends, or the host says nothing for three seconds, it tries the next host after two seconds, as OBS does.
/// </summary>
sealed class Encoder(SimulatedCluster cluster, string stream, int slot, int firstHost)
{
    static readonly TrackInfo Video = new()
    {
        Id = 1, Codec = Codec.H264, Timescale = 90_000, CodecString = "avc1.64001f", Width = 640, Height = 360,
        DecoderConfig = Convert.FromHexString("0164001FFFE1001967640015ACD940A02FF970110000030001000003003C8F162D9601000668EBE3CB22C0"),
    };

    static readonly TimeSpan FrameInterval = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);
    int _host = firstHost;
    int _connection;

    public string Stream => stream;

    /// <summary>Frames that hosts have taken.</summary>
    public int Taken { get; private set; }

    public void Start() => cluster.World.After(cluster.World.Chance(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)), Connect);

    void Connect()
    {
        var host = cluster.Ingests[_host++ % cluster.Ingests.Length];
        var connection = ++_connection;
        if (!host.IsActive || !host.IsUp)
        {
            Again(connection);
            return;
        }

        var process = host.Process;
        var heard = new Heard { At = cluster.World.Now };
        process.Post(async () =>
        {
            var result = await host.Publisher.PublishAsync(new PublishTarget(stream, slot, null, "sim", new IPEndPoint(IPAddress.Loopback, 1)), CancellationToken.None);
            cluster.World.Log($"{stream}/{slot} at {process.Name}: {(result.Session is null ? $"refused, {result.Reason}" : "published")}");
            if (result.Session is not { } session)
            {
                cluster.World.After(TimeSpan.Zero, () => Again(connection));
                return;
            }

            heard.At = cluster.World.Now;
            Send(process, session, connection, heard, cluster.Judge.NewSession(stream), 0);
        });
        Watch(process, connection, heard);
    }

    // In the host's process, while it runs: one frame after another. A host that was stopped finds what waited in the socket, and then its end.
    void Send(SimulatedProcess process, PublishSession session, int connection, Heard heard, int number, int frame)
    {
        if (session.Ended.IsCancellationRequested || connection != _connection)
        {
            cluster.World.Log($"{stream}/{slot} at {process.Name}: ends, {session.EndedBy?.ToString() ?? "the encoder left"}");
            _ = session.DisposeAsync().AsTask();
            cluster.World.After(TimeSpan.Zero, () => Again(connection));
            return;
        }

        heard.At = cluster.World.Now;
        Taken++;
        session.OnFrame(new Frame(Video, new Content(number, frame).Write(cluster.Arena), frame * 1_000L, 0, 0, FrameFlags.Key), SourceClock.Rtmp);
        cluster.World.After(FrameInterval, () => process.Post(() => Send(process, session, connection, heard, number, frame + 1)));
    }

    void Watch(SimulatedProcess process, int connection, Heard heard) => cluster.World.After(TimeSpan.FromSeconds(1), () =>
    {
        if (connection != _connection)
        {
            return;
        }

        if (!process.IsAlive || cluster.World.Now - heard.At > Patience + (heard.At == TimeSpan.Zero ? TimeSpan.FromSeconds(5) : TimeSpan.Zero))
        {
            cluster.World.Log($"{stream}/{slot}: leaves {process.Name}");
            Again(connection);
        }
        else
        {
            Watch(process, connection, heard);
        }
    });

    void Again(int connection)
    {
        if (connection == _connection)
        {
            _connection++;
            cluster.World.After(RetryAfter, Connect);
        }
    }

    sealed class Heard
    {
        public TimeSpan At { get; set; }
    }
}
