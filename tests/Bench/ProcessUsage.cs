using System.Diagnostics;
using System.Globalization;

namespace Tributary.Bench;

/// <summary>What a process has used so far, from /proc (proc(5)).</summary>
readonly record struct ProcessUsage(double CpuSeconds, double ResidentMegabytes, long Timestamp)
{
    const double TicksPerSecond = 100;   // USER_HZ, the same on every Linux of today

    public static ProcessUsage Of(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var cpu = (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        var pages = long.Parse(fields[21], CultureInfo.InvariantCulture);
        return new ProcessUsage(cpu, pages * Environment.SystemPageSize / 1e6, Stopwatch.GetTimestamp());
    }

    /// <summary>Cores in use since <paramref name="before"/>: CPU seconds per second.</summary>
    public double CoresSince(ProcessUsage before) => (CpuSeconds - before.CpuSeconds) / Stopwatch.GetElapsedTime(before.Timestamp, Timestamp).TotalSeconds;
}
