using System.Collections.Concurrent;
using System.Net;
using System.Runtime.InteropServices;

namespace Orleans.Runtime;

/// <summary>Addresses that came in messages: the same few come again and again, and are made once.</summary>
static class KnownAddresses
{
    // More than any cluster has nodes; where lives follow each other for long, it begins anew.
    const int Most = 10_000;
    static readonly ConcurrentDictionary<(UInt128 Address, int Length, ushort Port, int Generation), SiloAddress> Known = new();

    public static SiloAddress Of(ReadOnlySpan<byte> address, ushort port, int generation)
    {
        UInt128 bits = default;
        address.CopyTo(MemoryMarshal.AsBytes(new Span<UInt128>(ref bits)));
        var key = (bits, address.Length, port, generation);
        return Known.TryGetValue(key, out var known) ? known : Add(key, SiloAddress.New(new IPAddress(address), port, generation));
    }

    static SiloAddress Add((UInt128, int, ushort, int) key, SiloAddress address)
    {
        if (Known.Count >= Most)
        {
            Known.Clear();
        }

        return Known.GetOrAdd(key, address);
    }
}

/// <summary>Grain types that came in messages.</summary>
static class KnownTypes
{
    // A process has some dozens; a peer that invents types makes none of them permanent.
    const int Most = 1_000;
    static GrainType[] _known = [];

    public static GrainType Of(ReadOnlySpan<byte> name)
    {
        var known = Volatile.Read(ref _known);
        foreach (var type in known)
        {
            if (type.AsSpan().SequenceEqual(name))
            {
                return type;
            }
        }

        var added = new GrainType(name.ToArray());
        if (known.Length < Most && GrainManifest.Current.ClassOf(added) is not null)
        {
            Volatile.Write(ref _known, [.. known, added]);
        }

        return added;
    }
}
