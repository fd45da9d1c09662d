using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>
/// The tables of a segment of a file: as for live, and with a stream of timed ID3 metadata behind the media, declared as there.
/// </summary>
static class VodTsTables
{
    internal const int MapPid = 0xFFF;
    const int HeaderSize = 8;
    const byte Private = 0x06;
    const byte Dts = 0x82;   // ETSI TS 101 154 leaves it to users; what Blu-ray uses

    internal static int WriteAssociation(Span<byte> section)
    {
        var at = TsTables.U16(section, HeaderSize, 1);
        at = TsTables.U16(section, at, 0xE000 | MapPid);
        return TsTables.Finish(section, 0, 1, 0, at);
    }

    internal static int WriteMap(Span<byte> section, ReadOnlySpan<TsElementary> streams)
    {
        var at = TsTables.U16(section, HeaderSize, 0xE000 | TsTables.VideoPid);
        at = TsTables.WriteDescriptors(section, at, TsTables.MetadataPointer);
        for (var i = 0; i < streams.Length; i++)
        {
            section[at++] = StreamType(streams[i].Track.Track.Info);
            at = TsTables.U16(section, at, 0xE000 | (TsTables.VideoPid + i));
            at = WriteRegistration(section, at, streams[i].Track.Track.Info.Codec);
        }

        section[at++] = TsTables.MetadataStream;
        at = TsTables.U16(section, at, 0xE000 | (TsTables.VideoPid + streams.Length));
        at = TsTables.WriteDescriptors(section, at, TsTables.Metadata);
        return TsTables.Finish(section, 2, 1, 0, at);
    }

    // HEVC is named by its registration descriptor (§2.6.8), which older receivers look for.
    static int WriteRegistration(Span<byte> section, int at, Codec codec)
    {
        if (codec != Codec.Hevc)
        {
            return TsTables.U16(section, at, 0xF000);
        }

        at = TsTables.U16(section, at, 0xF006);
        section[at++] = 5;
        section[at++] = 4;
        "HEVC"u8.CopyTo(section[at..]);
        return at + 4;
    }

    /// <summary>Whether a transport stream of files carries a track: what live carries, and DTS.</summary>
    internal static bool Carries(TrackInfo track) => track.Codec == Codec.Dts || TsSupport.Carries(track);

    static byte StreamType(TrackInfo track) => track.Codec switch
    {
        Codec.Dts => Dts,
        Codec.Hevc => Private,
        _ => TsTables.StreamType(track),
    };
}
