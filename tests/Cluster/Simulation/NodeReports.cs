using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost.Simulation;
using Tributary.Grains.Pulls;
using Tributary.Grains.ServerNodes;

namespace Tributary.Cluster.Simulation;

/// <summary>What every node of the product does besides: it tells its grain every few seconds that it lives.</summary>
sealed class NodeReports(SimulatedProcess process, IServiceProvider services, string name, string role) : INodeObserver
{
    public void Begin() => _ = Report();

    public Task Ping() => Task.CompletedTask;

    public Task Drain(bool draining) => Task.CompletedTask;

    public Task Record(Tributary.Grains.Recordings.RecordingAssignment assignment) => Task.CompletedTask;

    public Task Pull(PullAssignment assignment) => Task.CompletedTask;

    async Task Report()
    {
        var grains = services.GetRequiredService<IGrainFactory>();
        var self = grains.CreateObjectReference<INodeObserver>(this);
        var report = new NodeReport { Roles = [role], StartedAt = process.Clock.GetUtcNow(), State = NodeState.Active, Load = new NodeLoad() };
        while (true)
        {
            try
            {
                await grains.GetGrain<IServerNodeGrain>(name).Heartbeat(report, self).WaitAsync(NodeReport.Interval, process.Clock);
            }
            catch (Exception)
            {
                // It is told again.
            }

            await Task.Delay(NodeReport.Interval, process.Clock);
        }
    }
}
