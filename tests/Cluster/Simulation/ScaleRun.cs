using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost.Simulation;
using Tributary.Grains;
using Tributary.Grains.LiveStreams;

namespace Tributary.Cluster.Simulation;

/// <summary>How much a cluster has to carry. Each watcher is a gateway's registration for one stream, whatever the number of its viewers.</summary>
public sealed record ScaleSize(int Silos, int Ingests, int Gateways, int Streams, int WatchersPerStream)
{
    public int Nodes => Silos + Ingests + Gateways;
}

/// <summary>Calls and statements per simulated second, in steady state: after every stream was published and watched.</summary>
public sealed record ScaleFigures(ScaleSize Size, string BusiestGrain, double CallsOnIt, double Calls, double Statements, SortedDictionary<string, double> ByKind, double FramesOnWire)
{
    public string Text => string.Create(CultureInfo.InvariantCulture,
        $"{Size.Nodes} nodes ({Size.Silos} silos), {Size.Streams:N0} streams, {Size.Streams * Size.WatchersPerStream:N0} gateway registrations, per second of steady state: "
        + $"{Calls:N0} calls of grains, the busiest, {BusiestGrain}, takes {CallsOnIt:0.0}; "
        + $"{Statements:N1} database statements ({string.Join(", ", ByKind.Select(k => string.Create(CultureInfo.InvariantCulture, $"{k.Key} {k.Value:0.0}")))}); "
        + $"{FramesOnWire:N0} messages on the network of the silos");
}

/// <summary>
/// A simulated cluster at a given size with the calls that hosts and gateways make in steady state: a report per segment, a registration per minute, a node's
/// report every five seconds.
/// </summary>
static class ScaleRun
{
    public static ScaleFigures Of(ScaleSize size, TimeSpan measured)
    {
        using var world = new SimulatedWorld(1);
        var calls = new Dictionary<string, long>();
        var silos = Start(world, size.Silos, 1, (process, active) => process.StartSilo(1, GrainStorageName.Tributary, silo =>
        {
            SimulatedCluster.Configure(silo);
            silo.AddIncomingGrainCallFilter(context =>
            {
                var grain = context.TargetId.ToString();
                calls[grain] = calls.GetValueOrDefault(grain) + 1;
                return context.Invoke();
            });
        }, active));
        world.Run(TimeSpan.FromSeconds(5));
        var ingests = Start(world, size.Ingests, 2, (process, active) => process.StartClient(SimulatedCluster.Configure, active));
        var gateways = Start(world, size.Gateways, 3, (process, active) => process.StartClient(SimulatedCluster.Configure, active));
        world.Run(TimeSpan.FromSeconds(5));
        foreach (var (process, services) in ingests.Concat(gateways))
        {
            process.Post(() => new NodeReports(process, services, process.Name, "ingest").Begin());
        }

        for (var i = 0; i < size.Streams; i++)
        {
            var stream = i;
            var (host, services) = ingests[i % ingests.Length];
            world.After(TimeSpan.FromSeconds(world.Random.NextDouble() * 20), () => host.Post(() => new ModelSource(host, services, $"stream{stream}").Begin()));
            for (var watcher = 0; watcher < size.WatchersPerStream; watcher++)
            {
                var (gateway, watching) = gateways[(i + watcher) % gateways.Length];
                var name = $"gateway{watcher}";
                world.After(TimeSpan.FromSeconds(20 + (world.Random.NextDouble() * 60)), () => gateway.Post(() => new ModelWatcher(gateway, watching, $"stream{stream}", name).Begin()));
            }
        }

        world.Run(TimeSpan.FromSeconds(85));
        calls.Clear();
        world.Database.Statements.Clear();
        var frames = world.Network.Frames;
        world.Run(measured);
        var seconds = measured.TotalSeconds;
        var (busiest, most) = calls.MaxBy(c => c.Value);
        return new ScaleFigures(
            size, busiest, most / seconds, calls.Values.Sum() / seconds, world.Database.Statements.Values.Sum() / seconds,
            new SortedDictionary<string, double>(world.Database.Statements.ToDictionary(s => s.Key, s => s.Value / seconds)), (world.Network.Frames - frames) / seconds);
    }

    static (SimulatedProcess, IServiceProvider)[] Start(SimulatedWorld world, int count, int subnet, Func<SimulatedProcess, Action, IServiceProvider> start) =>
    [
        .. Enumerable.Range(0, count).Select(i =>
        {
            var process = world.NewProcess($"node{subnet}-{i}", $"10.{subnet}.{i / 250}.{(i % 250) + 1}");
            return (process, start(process, () => { }));
        })
    ];

    static async Task Every(SimulatedProcess process, TimeSpan period, Func<Task> action)
    {
        while (true)
        {
            try
            {
                await action();
            }
            catch (OrleansException)
            {
                // It is done again.
            }

            await Task.Delay(period, process.Clock);
        }
    }

    /// <summary>What a publish session says to its stream's grain.</summary>
    sealed class ModelSource(SimulatedProcess process, IServiceProvider services, string stream) : IPublisherObserver
    {
        readonly ILiveStreamGrain _grain = services.GetRequiredService<IGrainFactory>().GetGrain<ILiveStreamGrain>(stream);
        readonly PublishRequest _request = new() { Session = Guid.NewGuid(), Slot = 0, Node = process.Name, FrameLink = "", Encoder = "sim" };
        StreamLease? _lease;
        long _next;
        long _epoch;

        public void Begin()
        {
            var self = services.GetRequiredService<IGrainFactory>().CreateObjectReference<IPublisherObserver>(this);
            _ = Every(process, TimeSpan.FromSeconds(2), async () =>
            {
                if (_lease is null)
                {
                    _lease = (await _grain.Publish(_request, self)).Lease;
                    (_next, _epoch) = (_lease?.FirstMsn ?? 0, _lease?.Epoch ?? 0);
                    return;
                }

                var report = new SourceReport
                {
                    Session = _request.Session, Epoch = _epoch, NextMsn = ++_next, DiscontinuitySequence = 0, End90k = _next * 180_000, TargetDuration = 2,
                    Health = new SourceHealth(), Request = _request
                };
                _epoch = Math.Max(_epoch, (await _grain.Report(report, self)).Epoch);
            });
        }

        public Task Granted(StreamLease lease) => Task.CompletedTask;

        public Task Revoked(long epoch, PublishEnd reason, bool goesOn) => Task.CompletedTask;

        public Task<SourceReport> Stop(long epoch) => throw new NotSupportedException("Nothing takes the place of a model source.");

        public Task Yield(long epoch) => Task.CompletedTask;

        public Task EmitSyncPoints(SyncPointOrder order) => Task.CompletedTask;

        public Task<TimeSpan> Silence() => Task.FromResult(TimeSpan.Zero);
    }

    /// <summary>What a gateway says to the grain of a stream that it follows.</summary>
    sealed class ModelWatcher(SimulatedProcess process, IServiceProvider services, string stream, string name) : ILiveStreamObserver
    {
        public void Begin()
        {
            var grains = services.GetRequiredService<IGrainFactory>();
            var self = grains.CreateObjectReference<ILiveStreamObserver>(this);
            var grain = grains.GetGrain<ILiveStreamGrain>(stream);
            _ = Every(process, GatewayRegistration.Renewal, () => grain.Watch(new GatewayRegistration { Gateway = name, Viewers = 1 }, self));
        }

        public Task Directed(StreamDirective directive) => Task.CompletedTask;

        public Task<WindowEdge?> Settle(long epoch) => Task.FromResult<WindowEdge?>(null);
    }
}
