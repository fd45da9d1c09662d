using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access;

namespace Tributary.Gateway.Access;

/// <summary>Where a viewer is: the other end of its connection, or, where that is a proxy of ours, whom it names in X-Forwarded-For.</summary>
sealed class ViewerAddress(IOptions<AccessOptions> options)
{
    readonly AddressRange[] _proxies =
        [.. options.Value.TrustedProxies.Select(static text => AddressRange.TryParse(text, out var range) ? range : (AddressRange?)null).OfType<AddressRange>()];

    public IPAddress Of(HttpContext context)
    {
        var address = Plain(context.Connection.RemoteIpAddress ?? IPAddress.None);
        if (_proxies.Length == 0 || !IsProxy(address))
        {
            return address;
        }

        // From the nearest to the furthest: what stands before a proxy that is not ours may be anybody's invention.
        foreach (var named in context.Request.Headers["X-Forwarded-For"].ToString().Split(',', StringSplitOptions.TrimEntries).Reverse())
        {
            if (!IPAddress.TryParse(named, out var next))
            {
                return address;
            }

            address = Plain(next);
            if (!IsProxy(address))
            {
                return address;
            }
        }

        return address;
    }

    public bool IsProxy(IPAddress address) => Array.Exists(_proxies, range => range.Contains(address));

    /// <summary>A socket for both families shows IPv4 peers as ::ffff:a.b.c.d.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
