using System.Numerics;

namespace Tributary.Media.Codecs;

/// <summary>The header of one E-AC-3 syncframe (ETSI TS 102 366 §E.1.2.2).</summary>
/// <remarks>
/// <code>
/// 0B77 | strmtyp(2) substreamid(3) frmsiz(11) | fscod(2) numblkscod(2) acmod(3) lfeon(1) | bsid(5) dialnorm(5) compre(1) … chanmap(16)
/// </code>
/// </remarks>
readonly record struct Eac3SyncFrame(
    bool IsDependent, int SubstreamId, int Length, int RateCode, int SampleRate, int Samples, int Bsid, int Acmod, bool Lfe, int ChannelMap)
{
    const int DependentType = 1;
    const int ReservedType = 3;

    /// <summary>Channel positions of the acmods as chanmap counts them (table E.1.4): bit 15 is left, bit 0 the low frequency channel.</summary>
    static readonly ushort[] ModeMaps = [0xA000, 0x4000, 0xA000, 0xE000, 0xA100, 0xE100, 0xB800, 0xF800];

    /// <summary>Bits of chanmap that stand for two channels: Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw, Lvh/Rvh, Lts/Rts.</summary>
    const int Pairs = 0x0674;

    public static int CountChannels(int map) => BitOperations.PopCount((uint)map) + BitOperations.PopCount((uint)(map & Pairs));

    public int BitsPerSecond => (int)(8L * Length * SampleRate / Samples);

    public static bool TryParse(ReadOnlySpan<byte> data, out Eac3SyncFrame frame)
    {
        frame = default;
        var bits = new BitReader(data);
        var (sync, type) = (bits.ReadInt(16), bits.ReadInt(2));
        var id = bits.ReadInt(3);
        var length = (bits.ReadInt(11) + 1) * 2;
        var rateCode = bits.ReadInt(2);
        var second = bits.ReadInt(2);
        var rate = rateCode == 3 ? Ac3.Rate(second) / 2 : Ac3.Rate(rateCode);
        var blocks = rateCode == 3 || second == 3 ? 6 : second + 1;
        var (acmod, lfe, bsid) = (bits.ReadInt(3), bits.ReadFlag(), bits.ReadInt(5));
        var map = ModeMaps[acmod] | (lfe ? 1 : 0);
        if (type == DependentType && TryReadChannelMap(ref bits, acmod, out var written))
        {
            map = written;
        }

        frame = new Eac3SyncFrame(type == DependentType, id, length, rateCode, rate, 256 * blocks, bsid, acmod, lfe, map);
        return !bits.Overrun && sync == 0x0B77 && type != ReservedType && bsid is >= 11 and <= 16 && rate != 0 && length <= data.Length;
    }

    static bool TryReadChannelMap(ref BitReader bits, int acmod, out int map)
    {
        for (var program = acmod == 0 ? 2 : 1; program > 0; program--)
        {
            bits.Skip(5);   // dialnorm
            bits.Skip(bits.ReadFlag() ? 8 : 0);   // compr
        }

        var present = bits.ReadFlag();   // chanmape
        map = present ? bits.ReadInt(16) : 0;
        return present;
    }
}
