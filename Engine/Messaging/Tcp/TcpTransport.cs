using System.Net;
using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>Connections over TCP.</summary>
sealed class TcpTransport : ITransport
{
    public async Task<IConnection> Dial(Dialling call, CancellationToken cancellationToken)
    {
        var connection = await TcpConnection.Connect(call.Endpoint, cancellationToken);
        try
        {
            await Handshake.Call(call.Cluster, call.From, call.To, call.Purpose, call.Client, connection.Input, connection.Output, cancellationToken);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public IDisposable Listen(Door door, ILogger log)
    {
        var opened = new TcpDoor(door, log);
        opened.Open();
        return opened;
    }

    public bool IsHere(IPAddress address) => IPAddress.IsLoopback(address)
        || NetworkInterface.GetAllNetworkInterfaces().Any(i => i.GetIPProperties().UnicastAddresses.Any(a => a.Address.Equals(address)));
}
