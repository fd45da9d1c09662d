using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Tributary.Grains.Platform.Outside;

/// <summary>
/// HTTP to addresses that clients name. Only to the outside, since who can name an address must not reach what only this server can; and to the
/// hosts inside that the operator lists (<see cref="PlatformOptions.InsideHosts"/>).
/// </summary>
public sealed class OutsideHttp(IOptions<PlatformOptions> options)
{
    const int Redirects = 5;

    /// <summary>A client of its own, for one kind of request.</summary>
    /// <param name="patience">Most time for one request, its body included where it is read at once.</param>
    public HttpClient Client(TimeSpan patience) => new(new SocketsHttpHandler
    {
        ConnectCallback = Connect, AllowAutoRedirect = true, MaxAutomaticRedirections = Redirects, UseProxy = false, UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
    })
    { Timeout = patience };

    // The address is looked at after the name is resolved, and it is this one that is connected to.
    async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var host = context.DnsEndPoint.Host;
        var listed = options.Value.InsideHosts.Contains(host, StringComparer.OrdinalIgnoreCase);
        var addresses = await Dns.GetHostAddressesAsync(host, cancellation);
        var address = addresses.FirstOrDefault(address => listed || IsOutside(address)) ?? throw new HttpRequestException("The host is not on the outside.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether an address is of the public internet: not loopback, private, link-local, shared, multicast or reserved (RFC 6890).</summary>
    public static bool IsOutside(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return !(IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6SiteLocal || address.IsIPv6UniqueLocal || address.IsIPv6Multicast || address.Equals(IPAddress.IPv6Any));
        }

        var bytes = address.GetAddressBytes();
        return bytes[0] is not (0 or 10 or 127 or >= 224) && !(bytes[0] == 172 && bytes[1] is >= 16 and < 32) && !(bytes[0] == 192 && bytes[1] == 168)
            && !(bytes[0] == 169 && bytes[1] == 254) && !(bytes[0] == 100 && bytes[1] is >= 64 and < 128) && !(bytes[0] == 198 && bytes[1] is 18 or 19);
    }
}
