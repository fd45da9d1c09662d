using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>Listens, shakes hands, and hands accepted connections on.</summary>
sealed partial class TcpDoor(Door door, TcpTls? tls, ILogger log) : IDisposable
{
    const int MostHandshakes = 256;
    readonly Socket _listener = new(door.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
    int _handshakes;

    public void Open()
    {
        try
        {
            _listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            _listener.Bind(door.Endpoint);
            _listener.Listen(512);
        }
        catch (SocketException exception)
        {
            throw new OrleansConfigurationException($"The endpoint {door.Endpoint} cannot be listened on: {exception.Message}", exception);
        }

        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(Accept);
        }
    }

    public void Dispose() => _listener.Dispose();

    async Task Accept()
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptAsync();
                if (Interlocked.Increment(ref _handshakes) > MostHandshakes)
                {
                    Interlocked.Decrement(ref _handshakes);
                    socket.Dispose();
                    continue;
                }

                _ = Welcome(socket);
            }
            catch (Exception exception) when (exception is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted })
            {
                return;
            }
            catch (SocketException exception)
            {
                // Out of descriptors, most likely: go on when there are some again.
                LogNotAccepted(log, exception, door.Endpoint);
                await Task.Delay(100);
            }
        }
    }

    async Task Welcome(Socket socket)
    {
        TcpConnection? connection = null;
        Hello hello;
        try
        {
            using var limit = new CancellationTokenSource(door.HandshakeTimeout);
            connection = await TcpConnection.Accept(socket, tls, limit.Token);
            hello = await Handshake.Accept(door.Cluster, door.Self, connection.Input, connection.Output, door.Refusal, limit.Token);
        }
        catch (Exception exception)
        {
            LogRefused(log, door.Endpoint, exception.Message);
            connection?.Dispose();
            socket.Dispose();
            return;
        }
        finally
        {
            Interlocked.Decrement(ref _handshakes);
        }

        using (connection)
        {
            try
            {
                await door.Accepted(hello, connection);
            }
            catch (Exception exception)
            {
                LogClosed(log, hello.From, exception.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "No connection could be accepted at {Endpoint}")]
    static partial void LogNotAccepted(ILogger log, Exception exception, IPEndPoint endpoint);

    [LoggerMessage(LogLevel.Information, "A connection to {Endpoint} was refused: {Reason}")]
    static partial void LogRefused(ILogger log, IPEndPoint endpoint, string reason);

    [LoggerMessage(LogLevel.Debug, "The connection from {Peer} is closed: {Reason}")]
    static partial void LogClosed(ILogger log, string peer, string reason);
}
