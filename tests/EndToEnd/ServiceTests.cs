using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd;

/// <summary>The process as systemd, Docker and the journal see it.</summary>
public sealed partial class ServiceTests(ITestOutputHelper output)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_service_manager_hears_that_it_is_ready_alive_reloading_and_stopping(bool isAbstract)
    {
        var name = $"tributary-{Guid.NewGuid():N}"[..20];
        using var manager = new ServiceManager(isAbstract ? "@" + name : Path.Combine(Repository.Scratch, name));
        await using var server = await ServerProcess.Start(new() { ["NOTIFY_SOCKET"] = manager.Address, ["WATCHDOG_USEC"] = "1500000" });
        await manager.Hears("READY=1", Patience);
        Assert.DoesNotContain(manager.Told, message => message.Contains("STOPPING=1"));

        // 1. Signs of life, more often than asked for.
        var clock = Stopwatch.StartNew();
        for (var n = 0; n < 6; n++)
        {
            Assert.Contains("STATUS=0 publishers here, 0 streams kept", await manager.Hears("WATCHDOG=1", Patience));
        }

        output.WriteLine($"WATCHDOG_USEC=1500000: six signs of life in {clock.ElapsedMilliseconds} ms");

        // 2. None from a process that hangs.
        server.Signal("STOP");
        manager.Forget();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => manager.Hears("WATCHDOG=1", TimeSpan.FromSeconds(3)));
        server.Signal("CONT");
        await manager.Hears("WATCHDOG=1", Patience);

        // 3. Reloading.
        server.Signal("HUP");
        Assert.True(Number(await manager.Hears("RELOADING=1", Patience), "MONOTONIC_USEC=") > 0);
        await manager.Hears("READY=1", Patience);

        // 4. Stopping, with the time that it may take.
        server.Signal("TERM");
        var may = Number(await manager.Hears("STOPPING=1", Patience), "EXTEND_TIMEOUT_USEC=") / 1_000_000.0;
        output.WriteLine($"the stop may take {may} s");
        Assert.InRange(may, 1, Seconds("deploy/systemd/tributary-.service.d/10-service.conf", @"^TimeoutStopSec=(\d+)s$"));
        Assert.InRange(may, 1, Seconds("deploy/docker/compose.yaml", @"^  stop_grace_period: (\d+)s$"));
        foreach (var workload in (string[])["silo", "ingest", "gateway"])
        {
            var file = $"deploy/k8s/{workload}.yaml";
            Assert.InRange(may + Seconds(file, @"command: \[sleep, ""(\d+)""\]"), 1, Seconds(file, @"terminationGracePeriodSeconds: (\d+)$"));
        }

        Assert.Equal(0, await server.Ends(Patience));
        Assert.Contains("The configuration was read again", server.Log);
    }

    [Fact]
    public async Task A_watchdog_that_is_another_process_is_not_fed()
    {
        using var manager = new ServiceManager($"@tributary-{Guid.NewGuid():N}"[..20]);
        await using var server = await ServerProcess.Start(new() { ["NOTIFY_SOCKET"] = manager.Address, ["WATCHDOG_USEC"] = "300000", ["WATCHDOG_PID"] = "1" });
        await manager.Hears("READY=1", Patience);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => manager.Hears("WATCHDOG=1", TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public async Task The_journal_gets_one_line_per_event_with_its_priority()
    {
        await using var server = await ServerProcess.Start(new() { ["Logging__Console__FormatterName"] = "systemd" });
        server.Signal("TERM");
        await server.Ends(Patience);
        Assert.All(server.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches(JournalLine(), line));
    }

    [Fact]
    public async Task As_json_every_line_is_an_event()
    {
        await using var server = await ServerProcess.Start(new() { ["Logging__Console__FormatterName"] = "json" });
        server.Signal("TERM");
        await server.Ends(Patience);
        Assert.All(server.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line =>
        {
            var entry = JsonDocument.Parse(line).RootElement;
            Assert.NotEqual("", entry.GetProperty("Message").GetString());
            Assert.True(entry.TryGetProperty("LogLevel", out _) && entry.TryGetProperty("Category", out _) && entry.TryGetProperty("Timestamp", out _));
        });
    }

    [Fact]
    public async Task Alerts_watch_metrics_that_exist_and_are_explained()
    {
        await using var server = await ServerProcess.Start();
        using var encoder = new System.Net.Sockets.TcpClient("127.0.0.1", server.RtmpPort);
        await server.Http.GetAsync(server.Master("nothing"));
        var metrics = Regex.Matches(await server.Http.GetStringAsync("/metrics"), @"^# TYPE (\w+)", RegexOptions.Multiline).Select(type => type.Groups[1].Value).Append("up").ToHashSet();
        var rules = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy/prometheus/alerts.yaml"));
        var used = Regex.Matches(rules, @"\b(?:tributary|orleans|dotnet|kestrel)_\w+|\bup\b(?=\{)").Select(name => name.Value).ToHashSet();
        Assert.True(used.Count >= 10);
        Assert.All(used, name => Assert.Contains(name, metrics));

        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy/docs/operations.md"));
        var alerts = Regex.Matches(rules, @"- alert: (\w+)").Select(alert => alert.Groups[1].Value).ToArray();
        Assert.Equal(alerts, Regex.Matches(page, @"^### (\w+)$", RegexOptions.Multiline).Select(section => section.Groups[1].Value));
    }

    [SkippableTheory]
    [InlineData("check", "alerts.yaml")]
    [InlineData("test", "alerts.test.yaml")]
    public async Task Prometheus_accepts_the_rules(string verb, string file)
    {
        Tools.Require("promtool");
        output.WriteLine(await ChildProcess.Run("promtool", [verb, "rules", Path.Combine(Repository.Root, "deploy/prometheus", file)], Patience));
    }

    [Fact]
    public async Task The_health_command_asks_the_process_of_the_same_configuration()
    {
        await using var server = await ServerProcess.Start();
        var environment = new Dictionary<string, string> { ["Http__Port"] = server.HttpPort.ToString(CultureInfo.InvariantCulture) };
        Assert.Equal("ok\n", await ChildProcess.Run("dotnet", [Repository.ServerAssembly, "health"], Patience, environment));
        Assert.Contains("[+] grains ok", await ChildProcess.Run("dotnet", [Repository.ServerAssembly, "health", "/readyz?verbose"], Patience, environment));

        environment["Http__Port"] = FreePorts.Next().ToString(CultureInfo.InvariantCulture);
        await using var nobody = ChildProcess.Start("dotnet", [Repository.ServerAssembly, "health"], environment);
        Assert.Equal(1, await nobody.Ends(Patience));
        Assert.Contains("does not answer", Assert.Single(nobody.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Theory]
    [InlineData("Secrets")]
    [InlineData("CREDENTIALS_DIRECTORY")]
    public async Task A_file_of_the_secrets_folder_is_an_option(string variable)
    {
        var folder = Repository.Folder("secrets-" + variable);
        await File.WriteAllTextAsync(Path.Combine(folder, "Publish__Anonymous"), "Nobody\n");
        await using var server = ChildProcess.Start(
            "dotnet", [Repository.ServerAssembly, $"--Data={Repository.Folder("secretive")}-{Guid.NewGuid():N}"], new Dictionary<string, string> { [variable] = folder });
        Assert.Equal(2, await server.Ends(Patience));
        Assert.Contains("'Nobody' at 'Publish:Anonymous'", Assert.Single(server.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    static double Seconds(string file, string expression) => double.Parse(
        Assert.Single(Regex.Matches(File.ReadAllText(Path.Combine(Repository.Root, file)), expression, RegexOptions.Multiline)).Groups[1].Value, CultureInfo.InvariantCulture);

    static long Number(string[] message, string name) =>
        long.Parse(Assert.Single(message, told => told.StartsWith(name, StringComparison.Ordinal))[name.Length..], CultureInfo.InvariantCulture);

    // <6>Category[0] message: the priorities of syslog(3), no time of its own.
    [GeneratedRegex(@"^<[2-7]>[A-Z][\w.]+\[\d+\] \S")]
    private static partial Regex JournalLine();
}
