using System.Net;
using System.Net.Sockets;

namespace Tributary.Ingest.Pull;

/// <summary>Which addresses a source may stand at. A name may be anybody's, so what it leads to is checked, not the name.</summary>
static class PullAddress
{
    /// <summary>
    /// Whether an address belongs to everybody's internet: not to this machine, a private network, a link, a carrier's network or a special use (IANA
    /// special-purpose address registries, RFC 6890).
    /// </summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        var bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetwork ? IsPublic4(bytes) : IsPublic6(address, bytes);
    }

    static bool IsPublic4(byte[] a) => a switch
    {
        [0 or 10 or 127, ..] or [>= 224, ..] => false,
        [100, >= 64 and < 128, ..] or [169, 254, ..] or [172, >= 16 and < 32, ..] or [192, 168, ..] or [198, 18 or 19, ..] => false,
        [192, 0, 0 or 2, _] or [198, 51, 100, _] or [203, 0, 113, _] => false,
        _ => true,
    };

    // 2000::/3 is what is given out; of it, addresses that hold an IPv4 one (6to4, Teredo) and those for documentation are not.
    static bool IsPublic6(IPAddress address, byte[] a) =>
        (a[0] & 0xE0) == 0x20 && !address.IsIPv6Teredo && a is not [0x20, 0x02, ..] and not [0x20, 0x01, 0x0D, 0xB8, ..];
}
