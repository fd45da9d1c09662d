using System.Diagnostics;
using System.Globalization;

namespace Tributary.Cluster.Engine.Processes;

/// <summary>A machine of a test: a network namespace (ip-netns(8)) with an address of its own.</summary>
sealed record Machine(string Name, string Address);

/// <summary>Machines on one switch (a bridge), each behind a cable (a veth pair) whose packets nftables can drop. This machine is on the switch too.</summary>
sealed class Network : IAsyncDisposable
{
    readonly string _bridge = $"trib{Environment.ProcessId % 100_000}";
    readonly int _net = 64 + Random.Shared.Next(64);

    public string Address => At(1);

    public List<Machine> Hosts { get; } = [];

    /// <summary>Why there can be none here; null when there can.</summary>
    public static string? Missing => Environment.UserName != "root" ? "network namespaces need root"
        : !Works("ip", "netns", "list") || !Works("nft", "list", "tables") ? "ip (iproute2) or nft (nftables) is missing, or not allowed here" : null;

    public static async Task<Network> Build(int hosts)
    {
        var network = new Network();
        await Run("ip", "link", "add", network._bridge, "type", "bridge");
        await Run("ip", "addr", "add", $"{network.Address}/24", "dev", network._bridge);
        await Run("ip", "link", "set", network._bridge, "up");
        for (var i = 0; i < hosts; i++)
        {
            await network.Add(i);
        }

        return network;
    }

    /// <summary>Drops the packets of that host which match the nftables expressions, in addition to what is dropped already.</summary>
    public static async Task Drop(Machine host, params string[] rules)
    {
        foreach (var rule in rules)
        {
            await Inside(host, $"nft 'add rule inet faults {rule} drop'");
        }
    }

    public static Task Heal(Machine host) => Inside(host, "nft flush ruleset && " + Table);

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Hosts)
        {
            await Run("ip", "netns", "del", host.Name);
        }

        await Run("ip", "link", "del", _bridge);
    }

    const string Table = "nft add table inet faults && nft add chain inet faults in '{ type filter hook input priority 0; }' "
        + "&& nft add chain inet faults out '{ type filter hook output priority 0; }'";

    async Task Add(int number)
    {
        var host = new Machine($"{_bridge}-{number}", At(11 + number));
        await Run("ip", "netns", "add", host.Name);
        Hosts.Add(host);
        await Run("ip", "link", "add", $"{_bridge}v{number}", "type", "veth", "peer", "name", "eth0", "netns", host.Name);
        await Run("ip", "link", "set", $"{_bridge}v{number}", "master", _bridge, "up");
        await Inside(host, $"ip addr add {host.Address}/24 dev eth0 && ip link set eth0 up && ip link set lo up && {Table}");
    }

    string At(int number) => string.Create(CultureInfo.InvariantCulture, $"10.77.{_net}.{number}");

    static Task Inside(Machine host, string command) => Run("ip", "netns", "exec", host.Name, "sh", "-c", command);

    static bool Works(string file, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    static async Task Run(string file, params string[] arguments)
    {
        using var process = Process.Start(file, arguments);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
