using Tributary.Cluster.Simulation;

namespace Tributary.Cluster.Engine.Processes;

static partial class SiloProgram
{
    static partial void Simulate(string[] arguments, ref int? code)
    {
        if (arguments is ["simulate", ..])
        {
            code = SimulationProgram.Run(arguments);
        }
    }
}
