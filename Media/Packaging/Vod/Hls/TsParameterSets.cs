using System.Buffers.Binary;
using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>
/// What stands before the NAL units of a picture in a transport stream: an access unit delimiter and, at key frames, the parameter sets of the
/// configuration, each behind a start code (ITU-T H.264 and H.265 Annex B).
/// </summary>
sealed class TsParameterSets
{
    static readonly byte[] H264Delimiter = [0, 0, 0, 1, 0x09, 0xF0];
    static readonly byte[] HevcDelimiter = [0, 0, 0, 1, 0x46, 0x01, 0x50];

    readonly byte[] _delimiter;

    internal TsParameterSets(TrackInfo track)
    {
        _delimiter = track.Codec == Codec.H264 ? H264Delimiter : HevcDelimiter;
        var sets = new List<byte>();
        foreach (var set in track.Codec == Codec.Hevc ? HevcArrays(track.DecoderConfig) : H264Sets(track))
        {
            sets.AddRange([0, 0, 0, 1]);
            sets.AddRange(set);
        }

        Bytes = [.. sets];
    }

    /// <summary>
    /// Whether the configuration of an H.264 track says what a decoder needs: the version that there is, and sets that do not end beyond it (ISO/IEC
    /// 14496-15 §5.3.3.1). Tracks of other codecs, and those that carry their sets in the pictures, have nothing to check.
    /// </summary>
    internal static bool IsWhole(TrackInfo track)
    {
        var config = track.DecoderConfig.Span;
        if (track.Codec != Codec.H264 || config.IsEmpty)
        {
            return true;
        }

        const int Counts = 5;
        if (config.Length <= Counts + 1 || config[0] != 1)
        {
            return false;
        }

        var at = Counts;
        return TrySkipSets(config, ref at, config[at] & 0x1F) && at < config.Length && TrySkipSets(config, ref at, config[at]);
    }

    static bool TrySkipSets(ReadOnlySpan<byte> config, ref int at, int count)
    {
        for (at++; count > 0; count--)
        {
            if (at + 2 > config.Length)
            {
                return false;
            }

            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(config[at..]);
        }

        return at <= config.Length;
    }

    static List<byte[]> H264Sets(TrackInfo track)
    {
        var sets = new List<byte[]>();
        foreach (var set in NalUnits.ParameterSets(track.Codec, track.DecoderConfig.Span))
        {
            sets.Add(set.ToArray());
        }

        return sets;
    }

    // All arrays of hvcC (ISO/IEC 14496-15 §8.3.3.1), messages of the encoder included; what is cut short ends the list.
    static List<byte[]> HevcArrays(ReadOnlyMemory<byte> config)
    {
        var units = new List<byte[]>();
        var rest = config.Length > 23 ? config.Span[23..] : default;
        for (var arrays = config.Length > 22 ? config.Span[22] : 0; arrays > 0 && rest.Length >= 3; arrays--)
        {
            var count = BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
            rest = rest[3..];
            for (; count > 0 && rest.Length >= 2; count--)
            {
                var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
                if (length > rest.Length - 2)
                {
                    return units;
                }

                units.Add(rest.Slice(2, length).ToArray());
                rest = rest[(2 + length)..];
            }
        }

        return units;
    }

    internal int DelimiterLength => _delimiter.Length;

    internal ReadOnlySpan<byte> Delimiter => _delimiter;

    /// <summary>The parameter sets behind start codes.</summary>
    internal byte[] Bytes { get; }
}
