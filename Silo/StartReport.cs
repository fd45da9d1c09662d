using System.Diagnostics;
using System.Runtime;

namespace Tributary.Silo;

/// <summary>Where the time of a start went, in one line of the log: how long a node takes to be there is how long its cluster is without it.</summary>
sealed partial class StartReport
{
    readonly TimeSpan _runtime = SinceStart();
    TimeSpan _built;

    /// <summary>All is configured and put together; what follows is the start itself, with the cluster, the database and the listeners.</summary>
    public void Built() => _built = SinceStart();

    public void Tell(ILogger log)
    {
        using var process = Process.GetCurrentProcess();
        var all = SinceStart();
        LogStarted(
            log, all.TotalMilliseconds, _runtime.TotalMilliseconds, (_built - _runtime).TotalMilliseconds, (all - _built).TotalMilliseconds,
            process.TotalProcessorTime.TotalMilliseconds, JitInfo.GetCompilationTime().TotalMilliseconds, JitInfo.GetCompiledMethodCount());
    }

    static TimeSpan SinceStart()
    {
        using var process = Process.GetCurrentProcess();
        return DateTime.Now - process.StartTime;
    }

    [LoggerMessage(LogLevel.Information, "Started {All:0} ms after the process began: {Runtime:0} ms to its first line, {Building:0} ms to put it together, {Starting:0} ms to start; {Cpu:0} ms of processor time, {Compiler:0} ms of it to compile {Methods} methods")]
    static partial void LogStarted(ILogger log, double all, double runtime, double building, double starting, double cpu, double compiler, long methods);
}
