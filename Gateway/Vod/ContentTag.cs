using System.Globalization;
using System.Runtime.InteropServices;

namespace Tributary.Gateway.Vod;

/// <summary>Names content by what it was made of: a strong entity tag (RFC 9110 §8.8.3) for a body whose bytes nobody has hashed.</summary>
sealed class ContentTag
{
    ulong _hash = 14_695_981_039_346_656_037;

    public void Add(string text) => Add(MemoryMarshal.AsBytes(text.AsSpan()));

    /// <summary>FNV-1a over what was added, in order.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            _hash = (_hash ^ value) * 1_099_511_628_211;
        }

        _hash = (_hash ^ 0xFF) * 1_099_511_628_211;   // between parts: "ab", "c" is not "a", "bc"
    }

    /// <summary>The tag of a body of so many bytes.</summary>
    public string Of(long length) => string.Create(CultureInfo.InvariantCulture, $"\"{_hash:x16}-{length:x}\"");
}
