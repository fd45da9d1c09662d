using System.Net.Sockets;
using System.Text;

namespace Tributary.EndToEnd.Harness;

/// <summary>Plays systemd: the socket on which a service tells how it does, and all that was told, in order.</summary>
sealed class ServiceManager : IDisposable
{
    readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    readonly List<string[]> _told = [];
    readonly byte[] _buffer = new byte[4_096];

    public ServiceManager(string address)
    {
        Address = address;
        _socket.Bind(new UnixDomainSocketEndPoint(address.StartsWith('@') ? "\0" + address[1..] : address));
    }

    /// <summary>For NOTIFY_SOCKET.</summary>
    public string Address { get; }

    public IReadOnlyList<string[]> Told => _told;

    /// <summary>Listens until a message holds the assignment, and gives that message.</summary>
    public async Task<string[]> Hears(string assignment, TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within);
        while (true)
        {
            var length = await _socket.ReceiveAsync(_buffer, SocketFlags.None, deadline.Token);
            var message = Encoding.UTF8.GetString(_buffer, 0, length).Split('\n');
            _told.Add(message);
            if (message.Any(told => told.StartsWith(assignment, StringComparison.Ordinal)))
            {
                return message;
            }
        }
    }

    /// <summary>Forgets what lies in the socket unread.</summary>
    public void Forget()
    {
        while (_socket.Available > 0)
        {
            _socket.Receive(_buffer);
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        if (!Address.StartsWith('@'))
        {
            File.Delete(Address);
        }
    }
}
