using System.Diagnostics;
using System.Globalization;

namespace Tributary.EndToEnd.Harness;

/// <summary>
/// Ends what the tests started when the test process ends, however it ends: a shell that is told every pid with its start time, and that kills
/// those which still live once its input closes.
/// </summary>
static class Reaper
{
    const string Script = """
        started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
        trap '' INT TERM HUP
        pids=''
        while read -r pid; do pids="$pids $pid:$(started "$pid")"; done
        for entry in $pids; do
          pid=${entry%%:*}
          [ -n "${entry#*:}" ] && [ "$(started "$pid")" = "${entry#*:}" ] && kill -9 "$pid"
        done
        [ -n "$KEEP" ] || rm -rf "$SCRATCH"
        """;

    static readonly Lazy<Process> Shell = new(() =>
    {
        var start = new ProcessStartInfo("sh", ["-c", Script]) { RedirectStandardInput = true };
        start.Environment["SCRATCH"] = Repository.Scratch;
        start.Environment["KEEP"] = Environment.GetEnvironmentVariable("TRIBUTARY_KEEP_SCRATCH") ?? "";
        return Process.Start(start)!;
    });

    public static void Watch(int pid)
    {
        lock (Shell)
        {
            Shell.Value.StandardInput.WriteLine(pid.ToString(CultureInfo.InvariantCulture));
            Shell.Value.StandardInput.Flush();
        }
    }
}
