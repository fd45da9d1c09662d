using System.Diagnostics.CodeAnalysis;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>AC-3 (ETSI TS 102 366): the header of its syncframes, and the AC3SpecificBox (§F.4) that says the same.</summary>
/// <remarks>
/// <code>
/// syncframe: 0B77 | crc(16) | fscod(2) frmsizecod(6) | bsid(5) bsmod(3) | acmod(3) mix levels … lfeon(1)
/// dac3:      fscod(2) bsid(5) bsmod(3) acmod(3) lfeon(1) bit_rate_code(5) reserved(5)
/// </code>
/// </remarks>
public static class Ac3
{
    const int SyncWord = 0x0B77;
    const int SamplesPerFrame = 1_536;
    const int LastBsid = 10;   // 9 and 10 are half and quarter rate; from 11 it is E-AC-3

    static readonly int[] Rates = [48_000, 44_100, 32_000];

    static ReadOnlySpan<byte> ChannelsOfMode => [2, 1, 2, 3, 3, 4, 4, 5];

    internal static int Rate(int fscod) => fscod < 3 ? Rates[fscod] : 0;

    internal static int Channels(int acmod, bool lfe) => ChannelsOfMode[acmod & 7] + (lfe ? 1 : 0);

    internal static bool TryCreateTrack(int trackId, ReadOnlySpan<byte> dac3, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        var bits = new BitReader(dac3);
        var (fscod, bsid) = (bits.ReadInt(2), bits.ReadInt(5));
        bits.Skip(3);
        var (acmod, lfe) = (bits.ReadInt(3), bits.ReadFlag());
        var bitRateCode = bits.ReadInt(5);
        var rate = Rate(fscod) >> Math.Max(0, bsid - 8);
        if (bits.Overrun || rate == 0 || bsid > LastBsid || bitRateCode > 18)
        {
            return false;
        }

        track = new TrackInfo
        {
            Id = trackId,
            Codec = Codec.Ac3,
            Timescale = rate,
            DecoderConfig = dac3[..3].ToArray(),
            CodecString = "ac-3",
            SampleRate = rate,
            Channels = Channels(acmod, lfe),
            SamplesPerFrame = SamplesPerFrame,
        };
        return true;
    }

    internal static bool TryCreateTrackFromFrame(int trackId, ReadOnlySpan<byte> frame, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        var bits = new BitReader(frame);
        var sync = bits.ReadInt(16);
        bits.Skip(16);
        var (fscod, frameSizeCode) = (bits.ReadInt(2), bits.ReadInt(6));
        var (bsid, bsmod, acmod) = (bits.ReadInt(5), bits.ReadInt(3), bits.ReadInt(3));
        bits.Skip((acmod & 1) != 0 && acmod != 1 ? 2 : 0);   // cmixlev: three front channels
        bits.Skip((acmod & 4) != 0 ? 2 : 0);                 // surmixlev: a surround channel
        bits.Skip(acmod == 2 ? 2 : 0);                       // dsurmod: stereo
        var lfe = bits.ReadInt(1);
        if (bits.Overrun || sync != SyncWord)
        {
            return false;
        }

        var fields = (fscod << 22) | (bsid << 17) | (bsmod << 14) | (acmod << 11) | (lfe << 10) | ((frameSizeCode >> 1) << 5);
        return TryCreateTrack(trackId, [(byte)(fields >> 16), (byte)(fields >> 8), (byte)fields], out track);
    }
}
