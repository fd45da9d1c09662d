using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Tributary.Cluster.Engine.Processes;

/// <summary>
/// Ports for servers that come back at the same port: below those that the system gives to connections (net.ipv4.ip_local_port_range), so that no connection
/// takes one while its server is away, and none is given out twice.
/// </summary>
static class FreePorts
{
    const int Lowest = 12_000;
    static readonly HashSet<int> Given = [];

    public static int Next()
    {
        lock (Given)
        {
            while (true)
            {
                var port = Random.Shared.Next(Lowest, FirstOfConnections);
                if (IsFree(port) && Given.Add(port))
                {
                    return port;
                }
            }
        }
    }

    static int FirstOfConnections { get; } = File.Exists("/proc/sys/net/ipv4/ip_local_port_range")
        ? int.Parse(File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split()[0], CultureInfo.InvariantCulture) : 32_768;

    static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
