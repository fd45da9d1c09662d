using System.Net.Sockets;
using System.Text;

namespace Tributary.Silo.Systemd;

/// <summary>
/// Where the service manager wants to be told how the service does: a datagram socket in the file system, or, with a leading @, in the abstract
/// namespace. Source: sd_notify(3).
/// </summary>
sealed class NotifySocket : IDisposable
{
    readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    readonly UnixDomainSocketEndPoint _manager;

    public NotifySocket(string address) =>
        _manager = new UnixDomainSocketEndPoint(address.StartsWith('@') ? "\0" + address[1..] : address);

    /// <summary>The socket that NOTIFY_SOCKET names; null where this process was not started as a service.</summary>
    public static NotifySocket? FromEnvironment() =>
        Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } address ? new NotifySocket(address) : null;

    /// <summary>
    /// How long the service manager waits between two signs of life: WATCHDOG_USEC, where WATCHDOG_PID is this process or absent. Null: no watchdog.
    /// Source: sd_watchdog_enabled(3).
    /// </summary>
    public static TimeSpan? WatchdogFromEnvironment()
    {
        var isOurs = Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { Length: > 0 } pid || pid == $"{Environment.ProcessId}";
        return isOurs && long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), out var microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    /// <summary>Sends one message of assignments, e.g. READY=1. False where nobody took it: a service goes on without its manager.</summary>
    public bool Tell(params ReadOnlySpan<string> assignments)
    {
        try
        {
            _socket.SendTo(Encoding.UTF8.GetBytes(string.Join('\n', assignments)), _manager);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void Dispose() => _socket.Dispose();
}
