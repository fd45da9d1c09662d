using System.Diagnostics;
using Microsoft.Extensions.Options;
using Tributary.Grains.Frames;
using Tributary.Grains.ServerNodes;
using Tributary.Ingest.Publishing;
using Tributary.Ingest.Rtmp;
using Tributary.Media.Frames;

namespace Tributary.Silo;

/// <summary>Tells this node's grain every few seconds that the process lives, and how loaded it is.</summary>
sealed partial class NodeHeartbeat(
    IGrainFactory grains, NodeIdentity node, ServerOptions server, PublishMetrics publishing, FrameChannels channels,
    IOptions<RtmpOptions> rtmp, TimeProvider time, ILogger<NodeHeartbeat> log) : BackgroundService
{
    readonly DateTimeOffset _startedAt = time.GetUtcNow();
    TimeSpan _lastCpu;
    long _lastReport = time.GetTimestamp();

    IServerNodeGrain Node => grains.GetGrain<IServerNodeGrain>(node.Name);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(NodeReport.Interval, time);
        var failing = false;
        do
        {
            try
            {
                await Node.Heartbeat(Report()).WaitAsync(NodeReport.Interval, time, stoppingToken);
                failing = false;
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                if (!failing)
                {
                    LogUnheard(node.Name, exception.Message);
                }

                failing = true;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
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

    NodeReport Report() => new()
    {
        Roles = server.Node.RolesOrDefault,
        StartedAt = _startedAt,
        State = NodeState.Active,
        Endpoints = new Dictionary<string, string>
        {
            ["http"] = $"http://{server.Node.Host}:{server.Http.Port}",
            ["rtmp"] = $"rtmp://{server.Node.Host}:{rtmp.Value.Port}",
        },
        Load = Load(),
        Version = typeof(NodeHeartbeat).Assembly.GetName().Version?.ToString() ?? "",
    };

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
