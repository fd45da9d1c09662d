using System.Diagnostics;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Rtmp;
using Tributary.Grains.Frames;
using Tributary.Grains.Pulls;
using Tributary.Grains.Recordings;
using Tributary.Grains.ServerNodes;
using Tributary.Ingest.Publishing;
using Tributary.Ingest.Pull;
using Tributary.Ingest.Rtmp;
using Tributary.Media.Frames;

namespace Tributary.Silo;

/// <summary>
/// Tells this node's grain every second that the process lives and how loaded it is, answers when it is asked, and passes on what it is told to do.
/// </summary>
sealed partial class NodeHeartbeat(
    IGrainFactory grains, NodeIdentity node, ServerOptions server, NodeDrain drain, NodeDrainer drainer, PublishMetrics publishing, FrameChannels channels,
    IServiceProvider services, IOptions<RtmpOptions> encoders, IOptions<RtmpPlayOptions> players, TimeProvider time, ILogger<NodeHeartbeat> log)
    : BackgroundService, INodeObserver
{
    readonly DateTimeOffset _startedAt = time.GetUtcNow();
    readonly SemaphoreSlim _wake = new(0);
    INodeObserver? _reference;
    TimeSpan _lastCpu;
    long _lastReport = time.GetTimestamp();

    IServerNodeGrain Node => grains.GetGrain<IServerNodeGrain>(node.Name);

    public Task Ping() => Task.CompletedTask;

    public Task Drain(bool draining)
    {
        if (draining)
        {
            drainer.Begin(stopping: false);
        }
        else
        {
            drainer.Undo();
        }

        return Task.CompletedTask;
    }

    // Not awaited: an earlier run of the pull may take a moment to end.
    public Task Pull(PullAssignment assignment)
    {
        _ = services.GetService<PullHost>()?.Assign(assignment);
        return Task.CompletedTask;
    }

    public Task Record(RecordingAssignment assignment)
    {
        _ = services.GetService<RecorderHost>()?.Assign(assignment);
        return Task.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        drain.Changed += Wake;
        drainer.Finished += Wake;
        _reference = grains.CreateObjectReference<INodeObserver>(this);
        var failing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Node.Heartbeat(Report(), _reference).WaitAsync(NodeReport.Interval, time, stoppingToken);
                failing = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)   // nothing that a grain throws may end this process
            {
                if (!failing)
                {
                    LogUnheard(node.Name, exception.Message);
                }

                failing = true;
            }

            await _wake.WaitAsync(failing ? NodeReport.Interval / 4 : NodeReport.Interval, stoppingToken);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await Node.Leave().WaitAsync(TimeSpan.FromSeconds(2), time, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or OperationCanceledException)
        {
            LogUnheard(node.Name, exception.Message);
        }
    }

    void Wake() => _wake.Release();

    NodeReport Report() => new()
    {
        Roles = server.Node.RolesOrDefault,
        StartedAt = _startedAt,
        State = drain.IsDraining ? NodeState.Draining : NodeState.Active,
        Drained = drainer.IsDone,
        Silo = services.GetService<ILocalSiloDetails>()?.SiloAddress.ToString() ?? "",
        Endpoints = new Dictionary<string, string>(RtmpPort is > 0 and var port ? [new("rtmp", $"rtmp://{server.Node.Host}:{port}")] : [])
        {
            ["http"] = server.Http.PublicUrl.Length > 0 ? server.Http.PublicUrl : $"http://{server.Node.Host}:{server.Http.Port}",
            ["frames"] = node.FrameLink,
            ["inside"] = $"http://{server.Node.Host}:{server.Http.Port}",
        },
        Load = Load(),
        Version = typeof(NodeHeartbeat).Assembly.GetName().Version?.ToString() ?? "",
    };

    // Encoders and players share one where both are taken in.
    int RtmpPort => server.Node.Is("ingest") ? encoders.Value.Port : server.Node.Is("gateway") ? players.Value.Port : 0;

    NodeLoad Load()
    {
        using var process = Process.GetCurrentProcess();
        var now = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(_lastReport, now);
        var used = process.TotalProcessorTime - _lastCpu;
        (_lastCpu, _lastReport) = (process.TotalProcessorTime, now);
        return new NodeLoad
        {
            CpuMillicores = elapsed > TimeSpan.Zero ? (int)(used.TotalSeconds * 1_000 / elapsed.TotalSeconds) : 0,
            Cores = Environment.ProcessorCount,
            WorkingSet = process.WorkingSet64,
            Publishers = publishing.Current,
            Windows = channels.Count,
            FrameMemory = FramePool.Shared.BytesInUse,
        };
    }

    [LoggerMessage(LogLevel.Warning, "Node {Node}: its grain does not answer ({Why}); heartbeats are tried again")]
    partial void LogUnheard(string node, string why);
}
