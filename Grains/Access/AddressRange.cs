using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Tributary.Grains.Access;

/// <summary>An address or a network, as <c>192.0.2.7</c>, <c>10.0.0.0/8</c> or <c>2001:db8::/32</c>. IPv4 lies in IPv6 as RFC 4291 §2.5.5.2 maps it.</summary>
/// <param name="Network">The address, its host bits zero.</param>
/// <param name="Prefix">Bits that count, of 128.</param>
public readonly record struct AddressRange(UInt128 Network, int Prefix)
{
    const int Mapped = 96, Longest = 64;

    public static bool TryParse(ReadOnlySpan<char> text, out AddressRange range)
    {
        range = default;
        var slash = text.IndexOf('/');
        var host = slash < 0 ? text : text[..slash];
        if (text.Length > Longest || host.Contains('%') || !IPAddress.TryParse(host, out var address) || !LooksWhole(host, address))
        {
            return false;
        }

        var (most, offset) = address.AddressFamily == AddressFamily.InterNetwork ? (32, Mapped) : (128, 0);
        var bits = most;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > most))
        {
            return false;
        }

        range = new AddressRange(Number(address) & Mask(bits + offset), bits + offset);
        return true;
    }

    public bool Contains(IPAddress address) => (Number(address) & Mask(Prefix)) == Network;

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Network);
        var address = new IPAddress(bytes);
        return Prefix >= Mapped && address.IsIPv4MappedToIPv6
            ? string.Create(CultureInfo.InvariantCulture, $"{address.MapToIPv4()}/{Prefix - Mapped}")
            : string.Create(CultureInfo.InvariantCulture, $"{address}/{Prefix}");
    }

    /// <summary>What stands for whoever has the address: IPv4 whole, IPv6 by its /64, of which one customer has at least one.</summary>
    public static AddressRange OfCustomer(IPAddress address)
    {
        var number = Number(address);
        var bits = address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6 ? 128 : 64;
        return new AddressRange(number & Mask(bits), bits);
    }

    // "1.2" and "10" are addresses for the platform's parser; here they are slips of the pen.
    static bool LooksWhole(ReadOnlySpan<char> host, IPAddress address) => address.AddressFamily != AddressFamily.InterNetwork || host.Count('.') == 3;

    static UInt128 Mask(int bits) => bits == 0 ? 0 : UInt128.MaxValue << (128 - bits);

    static UInt128 Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            bytes.Clear();
            (bytes[10], bytes[11]) = (0xFF, 0xFF);
            address.TryWriteBytes(bytes[12..], out _);
        }
        else
        {
            address.TryWriteBytes(bytes, out _);
        }

        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}

/// <summary>From where something is allowed: not from <paramref name="not"/>, and where <paramref name="from"/> has anything, from there only.</summary>
public sealed class AddressRules(AddressRange[] from, AddressRange[] not)
{
    public static AddressRules None { get; } = new([], []);

    public bool IsEmpty => from.Length == 0 && not.Length == 0;

    public bool Allows(IPAddress address) =>
        !Array.Exists(not, range => range.Contains(address)) && (from.Length == 0 || Array.Exists(from, range => range.Contains(address)));

    /// <summary>Reads both lists; text that is no address or network is left out, and named in <paramref name="wrong"/>.</summary>
    public static AddressRules Parse(string[] from, string[] not, out string? wrong)
    {
        wrong = from.Concat(not).FirstOrDefault(static text => !AddressRange.TryParse(text, out _));
        return new AddressRules(Ranges(from), Ranges(not));
    }

    static AddressRange[] Ranges(string[] texts) =>
        [.. texts.Select(static text => AddressRange.TryParse(text, out var range) ? range : (AddressRange?)null).OfType<AddressRange>()];
}
