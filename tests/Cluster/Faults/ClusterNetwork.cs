using System.Globalization;
using System.Net.NetworkInformation;
using Tributary.EndToEnd.Harness;

namespace Tributary.Cluster.Faults;

/// <summary>Where a process runs: the address that the others reach it at, and the command that brings a program there.</summary>
sealed record NetworkPlace(string Address, IReadOnlyList<string> Prefix)
{
    public static NetworkPlace Loopback { get; } = new("127.0.0.1", []);
}

/// <summary>
/// A network of its own for every process: network namespaces whose packets all pass one router, where nftables drops what the test wants dropped:
/// everything from one place to another (one way), or some of everything. The tests' own process is one of the places.
/// </summary>
sealed class ClusterNetwork : IAsyncDisposable
{
    const string Prefix = "tributary-";
    const string Chain = "inet faults forward";

    readonly string _name = $"{Prefix}{Environment.ProcessId}-";
    readonly int _octet;
    int _places;

    ClusterNetwork(int octet) => _octet = octet;

    /// <summary>Where the tests themselves run.</summary>
    public string Here => Address(0, 2);

    string Router => _name + "router";

    /// <summary>Why there can be none here; null when there can.</summary>
    public static string? Missing =>
        Environment.UserName != "root" ? "network namespaces need root"
        : !Tools.Has("ip") || !Tools.Has("nft") ? "network namespaces need ip and nft (iproute2, nftables)"
        : null;

    public static async Task<ClusterNetwork> Start()
    {
        await RemoveLeftovers();
        var network = new ClusterNetwork(FreeOctet());
        await Ip("netns", "add", network.Router);
        await network.InRouter("sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
        await network.InRouter("ip", "link", "set", "lo", "up");
        await network.InRouter("nft", "add table inet faults; add chain inet faults forward { type filter hook forward priority 0; }");
        // Place 0 is where the tests run.
        await network.Wire(0, inside: null);
        await Ip("route", "add", $"10.{network._octet}.0.0/16", "via", network.Address(0, 1));
        return network;
    }

    /// <summary>A further place, reached from all others through the router.</summary>
    public async Task<NetworkPlace> Place()
    {
        var number = ++_places;
        var inside = $"{_name}{number}";
        await Ip("netns", "add", inside);
        await Wire(number, inside);
        await Run("ip", "netns", "exec", inside, "ip", "link", "set", "lo", "up");
        await Run("ip", "netns", "exec", inside, "ip", "route", "add", "default", "via", Address(number, 1));
        return new NetworkPlace(Address(number, 2), ["ip", "netns", "exec", inside]);
    }

    /// <summary>From now on nothing from one place arrives at the other.</summary>
    public Task Cut(string from, string to) => InRouter("nft", $"add rule {Chain} ip saddr {from} ip daddr {to} drop");

    public async Task CutBothWays(string one, string other)
    {
        await Cut(one, other);
        await Cut(other, one);
    }

    /// <summary>From now on some of all packets between the places are lost.</summary>
    public Task Lose(int percent) => InRouter("nft", $"add rule {Chain} numgen random mod 100 < {percent} drop");

    /// <summary>Everything arrives again.</summary>
    public Task Heal() => InRouter("nft", $"flush chain {Chain}");

    // The names go; what still runs there keeps its namespace until it ends, and the interfaces go with it.
    public async ValueTask DisposeAsync()
    {
        await Ip("link", "del", Interface(0, "a"));
        foreach (var name in await Names(_name))
        {
            await Ip("netns", "del", name);
        }
    }

    string Address(int place, int end) => $"10.{_octet}.{place}.{end}";

    string Interface(int place, string end) => $"tb{_octet}-{place}{end}";

    async Task Wire(int place, string? inside)
    {
        var (near, far) = (Interface(place, "a"), Interface(place, "b"));
        await Ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", Router);
        string[] there = inside is null ? [] : ["ip", "netns", "exec", inside];
        if (inside is not null)
        {
            await Ip("link", "set", near, "netns", inside);
        }

        await Run([.. there, "ip", "addr", "add", $"{Address(place, 2)}/24", "dev", near]);
        await Run([.. there, "ip", "link", "set", near, "up"]);
        await InRouter("ip", "addr", "add", $"{Address(place, 1)}/24", "dev", far);
        await InRouter("ip", "link", "set", far, "up");
    }

    Task<string> InRouter(params string[] command) => Run(["ip", "netns", "exec", Router, .. command]);

    static Task<string> Ip(params string[] arguments) => Run(["ip", .. arguments]);

    static Task<string> Run(params string[] command) => ChildProcess.Run(command[0], command[1..], TimeSpan.FromSeconds(20));

    static int FreeOctet()
    {
        var taken = NetworkInterface.GetAllNetworkInterfaces().SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(address => address.Address.GetAddressBytes()).Where(bytes => bytes is [10, ..]).Select(bytes => (int)bytes[1]).ToHashSet();
        return Enumerable.Range(0, 200).Select(step => 40 + ((Environment.ProcessId + step) % 200)).First(octet => !taken.Contains(octet));
    }

    // Of test runs that were killed: their process number is in the name.
    static async Task RemoveLeftovers()
    {
        foreach (var name in await Names(Prefix))
        {
            if (int.TryParse(name[Prefix.Length..].Split('-')[0], CultureInfo.InvariantCulture, out var pid) && !Directory.Exists($"/proc/{pid}"))
            {
                await Ip("netns", "del", name);
            }
        }
    }

    static async Task<string[]> Names(string prefix) =>
        [.. (await Run("ip", "netns", "list")).Split('\n').Select(line => line.Split(' ')[0]).Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
}
