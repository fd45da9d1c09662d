using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tributary.Bench;

/// <summary>What wrk said of one address, and what the server used meanwhile.</summary>
/// <param name="Requests">Answers in all.</param>
/// <param name="PerSecond">Answers per second of wall clock.</param>
/// <param name="P50">Milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
/// <param name="Errors">Answers of status 400 and more.</param>
/// <param name="ServerCpu">CPU seconds of the server.</param>
/// <param name="LoadCpu">CPU seconds of wrk.</param>
sealed partial record WrkRun(double Requests, double PerSecond, double P50, double P99, double Errors, double ServerCpu, double LoadCpu)
{
    /// <summary>Asks for one path for some seconds, over so many connections of one thread.</summary>
    public static Task<WrkRun> Of(ServerUnderTest server, string path, int seconds, int connections) =>
        Of(server.HttpPort, () => server.Usage, path, seconds, connections);

    /// <summary>The same of any server, which says what it has used so far.</summary>
    public static async Task<WrkRun> Of(int port, Func<ProcessUsage> usage, string path, int seconds, int connections)
    {
        var before = usage();
        using var wrk = Process.Start(new ProcessStartInfo(
            "wrk", ["-t", "1", "-c", $"{connections}", "-d", $"{seconds}s", "--timeout", "10s", "--latency", $"http://127.0.0.1:{port}{path}"]) { RedirectStandardOutput = true })!;
        var reading = wrk.StandardOutput.ReadToEndAsync();
        await Task.Delay(TimeSpan.FromSeconds(seconds - 0.2));
        var load = ProcessUsage.Of(wrk.Id).CpuSeconds;   // of a process that is gone nobody knows it
        var output = await reading;
        await wrk.WaitForExitAsync();
        return new(
            Number(Count().Match(output)), Number(Rate().Match(output)), Milliseconds(Median().Match(output)), Milliseconds(Percentile99().Match(output)),
            BadAnswers().Match(output) is { Success: true } bad ? Number(bad) : 0, usage().CpuSeconds - before.CpuSeconds, load);
    }

    /// <summary>CPU microseconds of the server for one answer.</summary>
    public double Microseconds => ServerCpu / Math.Max(1, Requests) * 1e6;

    static double Number(Match match) => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    static double Milliseconds(Match match) => Number(match) * match.Groups[2].Value switch { "us" => 0.001, "s" => 1_000, _ => 1 };

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Count();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"50%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Median();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Percentile99();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
    private static partial Regex BadAnswers();
}
