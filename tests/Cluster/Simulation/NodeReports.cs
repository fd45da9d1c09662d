using Microsoft.Extensions.DependencyInjection;
using Tributary.Grains.ServerNodes;

namespace Tributary.Cluster.Simulation;

/// <summary>What every node of the product does besides: it tells its grain every few seconds that it lives.</summary>
static class NodeReports
{
    public static void Begin(SimulatedNode node, string role)
    {
        var process = node.Process;
        var grain = node.Services.GetRequiredService<IGrainFactory>().GetGrain<IServerNodeGrain>(node.Name);
        var report = new NodeReport { Roles = [role], StartedAt = process.Clock.GetUtcNow(), State = NodeState.Active, Load = new NodeLoad() };
        _ = Report();

        async Task Report()
        {
            while (true)
            {
                try
                {
                    await grain.Heartbeat(report).WaitAsync(NodeReport.Interval, process.Clock);
                }
                catch (Exception)
                {
                    // It is told again.
                }

                await Task.Delay(NodeReport.Interval, process.Clock);
            }
        }
    }
}
