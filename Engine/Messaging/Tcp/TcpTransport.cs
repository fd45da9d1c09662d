using System.Net;
using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>Connections over TCP, with TLS where it is given.</summary>
sealed class TcpTransport(TcpTls? tls = null) : ITransport
{
    public async Task<IConnection> Dial(Dialling call, CancellationToken cancellationToken)
    {
        var connection = await TcpConnection.Connect(call.Endpoint, tls, cancellationToken);
        try
        {
            await Handshake.Call(call.Cluster, call.From, call.To, call.Purpose, call.Client, connection.Input, connection.Output, cancellationToken);
            return connection;
        }
        // The other end may refuse our certificate when our part of TLS is done (RFC 8446 §2): then the connection ends here.
        catch (IOException exception) when (tls is not null && exception is not ConnectionRefusedException)
        {
            connection.Dispose();
            throw new IOException($"{call.To} ends, or does not accept this node's certificate: {exception.Message}", exception);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public IDisposable Listen(Door door, ILogger log)
    {
        var opened = new TcpDoor(door, tls, log);
        opened.Open();
        return opened;
    }

    public bool IsHere(IPAddress address) => IPAddress.IsLoopback(address)
        || NetworkInterface.GetAllNetworkInterfaces().Any(i => i.GetIPProperties().UnicastAddresses.Any(a => a.Address.Equals(address)));
}
