namespace Tributary.Media.Packaging;

/// <summary>FNV-1a in 64 bits: names content, the same on every machine and in every release. It protects against nothing.</summary>
public static class Fnv1a
{
    public static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 14_695_981_039_346_656_037;
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 1_099_511_628_211;
        }

        return hash;
    }
}
