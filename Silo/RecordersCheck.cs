using Tributary.Gateway.Health;
using Tributary.Grains.Recordings;

namespace Tributary.Silo;

/// <summary>Whether what is to be recorded here can be written. Where it cannot, the node serves all the same, and says that it is degraded.</summary>
static class RecordersCheck
{
    public static ReadinessCheck Of(IServiceProvider services)
    {
        var recorders = services.GetRequiredService<RecorderHost>();
        return new ReadinessCheck("recording", _ => Task.FromResult(recorders.Troubles is [var (stream, why), ..] troubles
            ? $"{troubles.Count} of the streams that are kept here are not written: {stream}: {why}"
            : null))
        {
            OnlyDegrades = true,
        };
    }
}
