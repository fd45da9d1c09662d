using System.Net;
using System.Net.Sockets;

namespace Tributary.EndToEnd.Harness;

/// <summary>A port of this machine that leads to another, and can be cut.</summary>
sealed class Wire : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _ending = new();
    readonly Lock _gate = new();
    readonly List<TcpClient> _open = [];
    readonly int _target;
    readonly Task _accepting;
    bool _cut;

    public Wire(int target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = Accept();
    }

    public int Port { get; }

    /// <summary>Ends what is open, and whatever is opened until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        lock (_gate)
        {
            _cut = true;
            _open.ForEach(client => client.Close());
            _open.Clear();
        }
    }

    public void Mend()
    {
        lock (_gate)
        {
            _cut = false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        await _ending.CancelAsync();
        _listener.Stop();
        await _accepting;
        _ending.Dispose();
    }

    async Task Accept()
    {
        try
        {
            while (true)
            {
                _ = Connect(await _listener.AcceptTcpClientAsync(_ending.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // The test is over.
        }
    }

    async Task Connect(TcpClient from)
    {
        var to = new TcpClient();
        try
        {
            await to.ConnectAsync(IPAddress.Loopback, _target, _ending.Token);
            if (TryKeep(from, to))
            {
                await Task.WhenAny(from.GetStream().CopyToAsync(to.GetStream(), _ending.Token), to.GetStream().CopyToAsync(from.GetStream(), _ending.Token));
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // One end is gone, and with it the other.
        }

        from.Close();
        to.Close();
    }

    bool TryKeep(TcpClient from, TcpClient to)
    {
        lock (_gate)
        {
            if (!_cut)
            {
                _open.Add(from);
                _open.Add(to);
            }

            return !_cut;
        }
    }
}
