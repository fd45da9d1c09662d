using System.Net;
using System.Net.Sockets;

namespace Tributary.EndToEnd.Harness;

static class FreePorts
{
    /// <summary>A TCP port that nobody listened on a moment ago. The system hands out others before it comes back to this one.</summary>
    public static int Next()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
