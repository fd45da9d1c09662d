using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// One life of one node: endpoint and generation. A restarted silo has a higher generation, so the two are never mistaken for each other.
/// A negative generation names a client. Parsable form: <c>ip:port@generation</c>.
/// </summary>
[Immutable, JsonConverter(typeof(SiloAddressConverter))]
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress>, ISpanFormattable, IParsable<SiloAddress>, IUtf8SpanParsable<SiloAddress>
{
    static readonly DateTime Epoch = new(2022, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    static int _lastGeneration;
    // Both are made when they are first needed, again and again the same; a hash of zero is made anew each time.
    string? _text;
    int _hashCode;

    SiloAddress(IPEndPoint endpoint, int generation)
    {
        Endpoint = endpoint;
        Generation = generation;
    }

    public IPEndPoint Endpoint { get; }

    public int Generation { get; }

    public static SiloAddress Zero { get; } = New(new IPEndPoint(0, 0), 0);

    public bool IsClient => Generation < 0;

    public static SiloAddress New(IPEndPoint ep, int gen) => new(ep, gen);

    public static SiloAddress New(IPAddress address, int port, int generation) => new(new IPEndPoint(address, port), generation);

    /// <summary>Seconds since a fixed day, and always more than the last one given out in this process: two silos started in the same second differ.</summary>
    public static int AllocateNewGeneration()
    {
        while (true)
        {
            var last = Volatile.Read(ref _lastGeneration);
            var next = Math.Max((int)(DateTime.UtcNow - Epoch).TotalSeconds, last + 1);
            if (Interlocked.CompareExchange(ref _lastGeneration, next, last) == last)
            {
                return next;
            }
        }
    }

    public string ToParsableString() => _text ??= string.Create(CultureInfo.InvariantCulture, $"{Endpoint.Address}:{Endpoint.Port}@{Generation}");

    public static SiloAddress FromParsableString(string addr) => Parse(addr);

    public static SiloAddress Parse(string value) => Parse(value, null);

    public static SiloAddress Parse(string value, IFormatProvider? provider = null) =>
        TryParse(value, provider, out var address) ? address : throw new FormatException($"\"{value}\" is no silo address: ip:port@generation is expected");

    public static bool TryParse(string? value, [NotNullWhen(true)] out SiloAddress? result) => TryParse(value, null, out result);

    public static bool TryParse([NotNullWhen(true)] string? value, IFormatProvider? provider, [NotNullWhen(true)] out SiloAddress? result)
    {
        result = null;
        var at = value?.LastIndexOf('@') ?? -1;
        var colon = at > 0 ? value!.LastIndexOf(':', at) : -1;
        if (colon <= 0 || !IPAddress.TryParse(value.AsSpan(0, colon), out var ip)
            || !ushort.TryParse(value.AsSpan(colon + 1, at - colon - 1), CultureInfo.InvariantCulture, out var port)
            || !int.TryParse(value.AsSpan(at + 1), CultureInfo.InvariantCulture, out var generation))
        {
            return false;
        }

        result = New(ip, port, generation);
        return true;
    }

    public static SiloAddress FromUtf8String(ReadOnlySpan<byte> addr) => Parse(Encoding.UTF8.GetString(addr));

    public static SiloAddress Parse(ReadOnlySpan<byte> utf8Text) => Parse(Encoding.UTF8.GetString(utf8Text));

    public static SiloAddress Parse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider = null) => Parse(Encoding.UTF8.GetString(utf8Text));

    public static bool TryParse(ReadOnlySpan<byte> utf8Text, [NotNullWhen(true)] out SiloAddress? result) =>
        TryParse(Encoding.UTF8.GetString(utf8Text), out result);

    public static bool TryParse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider, [NotNullWhen(true)] out SiloAddress? result) =>
        TryParse(Encoding.UTF8.GetString(utf8Text), out result);

    public int GetConsistentHashCode() => _hashCode != 0 ? _hashCode : _hashCode = (int)StableHash.Of(Encoding.UTF8.GetBytes(ToParsableString()));

    public uint[] GetUniformHashCodes(int numHashes)
    {
        var hashes = new uint[numHashes];
        for (var i = 0; i < numHashes; i++)
        {
            hashes[i] = StableHash.Of(Encoding.UTF8.GetBytes($"{ToParsableString()}/{i}"));
        }

        return hashes;
    }

    public bool IsSuccessorOf(SiloAddress other) => Endpoint.Equals(other.Endpoint) && Generation != 0 && other.Generation != 0 && Generation > other.Generation;

    public bool IsPredecessorOf(SiloAddress other) => Endpoint.Equals(other.Endpoint) && Generation != 0 && other.Generation != 0 && Generation < other.Generation;

    public bool Equals(SiloAddress? other) =>
        ReferenceEquals(this, other) || (other is not null && Generation == other.Generation && Endpoint.Equals(other.Endpoint));

    public override bool Equals(object? obj) => Equals(obj as SiloAddress);

    public override int GetHashCode() => GetConsistentHashCode();

    public int CompareTo(SiloAddress? other)
    {
        if (other is null)
        {
            return 1;
        }

        var order = Endpoint.Port.CompareTo(other.Endpoint.Port);
        order = order != 0 ? order : Generation.CompareTo(other.Generation);
        return order != 0 ? order : Endpoint.Address.GetAddressBytes().AsSpan().SequenceCompareTo(other.Endpoint.Address.GetAddressBytes());
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsClient ? 'C' : 'S')}{Endpoint.Address}:{Endpoint.Port}:{Generation}");

    public string ToStringWithHashCode() => string.Create(CultureInfo.InvariantCulture, $"{this}/x{GetConsistentHashCode():X8}");

    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => format == "H" ? ToStringWithHashCode() : ToString();

    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        destination.TryWrite($"{(format is "H" ? ToStringWithHashCode() : ToString())}", out charsWritten);
}
