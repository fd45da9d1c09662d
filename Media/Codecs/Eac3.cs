using System.Diagnostics.CodeAnalysis;
using Tributary.Media.Frames;

namespace Tributary.Media.Codecs;

/// <summary>E-AC-3 (ETSI TS 102 366 Annex E) and its EC3SpecificBox (§F.6).</summary>
/// <remarks>
/// <code>
/// dec3: data_rate(13) num_ind_sub-1(3)
///       per independent substream: fscod(2) bsid(5) reserved(1) asvc(1) bsmod(3) acmod(3) lfeon(1) reserved(3) num_dep_sub(4) (chan_loc(9) | reserved(1))
/// </code>
/// </remarks>
public static class Eac3
{
    const int MaxSubstreams = 8;
    const int SamplesPerAccessUnit = 1_536;

    internal static bool TryCreateTrack(int trackId, ReadOnlySpan<byte> dec3, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        var bits = new BitReader(dec3);
        bits.Skip(16);
        var (fscod, bsid) = (bits.ReadInt(2), bits.ReadInt(5));
        bits.Skip(5);
        var (acmod, lfe) = (bits.ReadInt(3), bits.ReadFlag());
        bits.Skip(3);
        var locations = bits.ReadInt(4) > 0 ? bits.ReadInt(9) : bits.ReadInt(1) & 0;
        var rate = Ac3.Rate(fscod);
        if (bits.Overrun || rate == 0 || bsid is < 11 or > 16)   // at half rates (fscod 3) the box does not say which: only a frame does
        {
            return false;
        }

        track = Create(trackId, dec3, rate, Ac3.Channels(acmod, lfe) + Eac3SyncFrame.CountChannels(ToChannelMap(locations)));
        return true;
    }

    /// <summary>From an access unit: the syncframes of one program, or several, for 1,536 samples (fewer in streams made for low delay).</summary>
    internal static bool TryCreateTrackFromFrame(int trackId, ReadOnlySpan<byte> accessUnit, [NotNullWhen(true)] out TrackInfo? track)
    {
        track = null;
        Span<Eac3SyncFrame> independent = stackalloc Eac3SyncFrame[MaxSubstreams];
        Span<(int Count, int Map)> dependent = stackalloc (int, int)[MaxSubstreams];
        var (programs, bitsPerSecond) = (0, 0L);
        while (Eac3SyncFrame.TryParse(accessUnit, out var frame))
        {
            accessUnit = accessUnit[frame.Length..];
            if (!frame.IsDependent && (programs == MaxSubstreams || (programs > 0 && frame.SubstreamId == 0)))
            {
                break;   // the next blocks of the same programs: they say nothing new
            }

            if (!frame.IsDependent)
            {
                independent[programs++] = frame;
            }
            else if (programs > 0)
            {
                ref var extension = ref dependent[programs - 1];
                extension = (extension.Count + 1, extension.Map | frame.ChannelMap);
            }

            bitsPerSecond += frame.BitsPerSecond;
        }

        if (programs == 0)
        {
            return false;
        }

        var dec3 = Describe(bitsPerSecond, independent[..programs], dependent);
        var channels = Eac3SyncFrame.CountChannels(independent[0].ChannelMap | dependent[0].Map);
        track = Create(trackId, dec3, independent[0].SampleRate, channels);
        return true;
    }

    static TrackInfo Create(int trackId, ReadOnlySpan<byte> dec3, int rate, int channels) => new()
    {
        Id = trackId,
        Codec = Codec.Eac3,
        Timescale = rate,
        DecoderConfig = dec3.ToArray(),
        CodecString = "ec-3",
        SampleRate = rate,
        Channels = channels,
        SamplesPerFrame = SamplesPerAccessUnit,
    };

    static byte[] Describe(long bitsPerSecond, ReadOnlySpan<Eac3SyncFrame> programs, ReadOnlySpan<(int Count, int Map)> dependent)
    {
        var rate = Math.Min((bitsPerSecond + 500) / 1_000, 0x1FFF);
        var head = (rate << 3) | (long)(programs.Length - 1);
        List<byte> box = [(byte)(head >> 8), (byte)head];
        for (var i = 0; i < programs.Length; i++)
        {
            var program = programs[i];
            box.Add((byte)((program.RateCode << 6) | (program.Bsid << 1)));
            box.Add((byte)((program.Acmod << 1) | (program.Lfe ? 1 : 0)));   // asvc and bsmod 0: a main service
            var count = Math.Min(dependent[i].Count, 15);
            var locations = ToLocations(dependent[i].Map);
            box.Add((byte)((count << 1) | (count > 0 ? locations >> 8 : 0)));
            if (count > 0)
            {
                box.Add((byte)locations);
            }
        }

        return [.. box];
    }

    // chan_loc (table F.6.1) counts from its least significant bit: Lc/Rc, Lrs/Rrs, Cs, Ts, Lsd/Rsd, Lw/Rw, Lvh/Rvh, Cvh, LFE2. chanmap has the first
    // eight from bit 10 downwards, and LFE2 in bit 1.
    static int ToLocations(int channelMap)
    {
        var locations = (channelMap & 2) != 0 ? 0x100 : 0;
        for (var i = 0; i < 8; i++)
        {
            locations |= ((channelMap >> (10 - i)) & 1) << i;
        }

        return locations;
    }

    static int ToChannelMap(int locations)
    {
        var map = (locations & 0x100) != 0 ? 2 : 0;
        for (var i = 0; i < 8; i++)
        {
            map |= ((locations >> i) & 1) << (10 - i);
        }

        return map;
    }
}
