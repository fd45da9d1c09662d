using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>
/// Writes a segment of a file as an MPEG transport stream (ISO/IEC 13818-1, RFC 8216 §3.2). Times are those of the presentation plus 9,090 ticks, so that
/// neither PCR nor decode times of a stream that begins at 0 are negative. Counters end where they began: see <see cref="TsSegment"/>.
/// </summary>
sealed partial class VodTsSegment
{
    internal const long Offset90k = 9_090;
    const long PcrLead90k = 9_000;
    const byte VideoStreamId = 0xE0;
    const byte AudioStreamId = 0xC0;
    const byte PrivateStreamId = 0xBD;
    const int PtsOnly = 14;
    const int PtsAndDts = 19;

    readonly TsElementary[] _streams;
    readonly ReadOnlyMemory<byte> _id3;
    readonly TsPes[] _order;
    readonly int[] _sizes;
    readonly int[] _last;
    readonly int _headSize;

    /// <summary>Called for each picture that a decoder can start at: its place and length in bytes, and when it is shown.</summary>
    internal delegate void KeyFrameFound(long offset, long length, long pts90k);

    /// <summary>Streams of the tracks that a transport stream carries; others are left out.</summary>
    internal static TsElementary[] StreamsOf(MediaSet set, IReadOnlyList<SegmentTrack> tracks, int ptsDelay = 0) =>
    [
        .. tracks.Where(track => VodTsTables.Carries(track.Track.Info)).Select(track => new TsElementary(
            track, Offset90k - (set.Options.Hls.AlignPts && track.Track.Kind == TrackKind.Video ? track.Track.InitialDelayIn(MediaTime.Hz90k) : 0),
            set.Selection.ShiftOf(track.Track.Kind) * 90,
            ptsDelay)),
    ];

    /// <summary>Lays out a segment: its length, and where its pictures stand, are known from then on.</summary>
    internal VodTsSegment(TsElementary[] streams, ReadOnlyMemory<byte> id3, HlsPackagingOptions options)
    {
        (_streams, _id3, _order) = (streams, id3, TsLayout.Of(streams));
        if (!options.AlignFrames)
        {
            TsLayout.Chain(_order, pes => TimestampsOf(pes) + (ClockOf(pes) >= 0 ? TsPacketWriter.PcrFieldSize : 0), options.InterleaveFrames);
        }

        _last = LastOf(_order, streams.Length);
        _sizes = new int[_order.Length];
        var writer = new TsPacketWriter(null);
        WriteHead(ref writer);
        _headSize = (int)writer.Length;
        var elementary = Begin();
        for (var i = 0; i < _sizes.Length; i++)
        {
            var before = writer.Length;
            Count(ref writer, ref elementary[_order[i].Stream], i);
            _sizes[i] = (int)(writer.Length - before);
        }

        Length = writer.Length;
    }

    /// <summary>Bytes of the segment.</summary>
    internal long Length { get; }

    /// <summary>Tells of each picture that a decoder can start at.</summary>
    internal void FindKeyFrames(KeyFrameFound found)
    {
        long at = _headSize;
        for (var i = 0; i < _sizes.Length; i++)
        {
            if (_order[i].IsKey && IsVideo(_order[i].Stream))
            {
                found(at, _order[i].After == 0 ? _sizes[i] : LengthWithRest(i), _order[i].Pts);
            }

            at += _sizes[i];
        }
    }

    // Up to the first packet of the stream's next PES packet, which has the picture's last bytes.
    long LengthWithRest(int number)
    {
        long length = _sizes[number];
        for (var i = number + 1; _order[i].Stream != _order[number].Stream; i++)
        {
            length += _sizes[i];
        }

        return length + TsPacketWriter.PacketSize;
    }

    TsStream[] Begin()
    {
        var streams = new TsStream[_streams.Length];
        for (var i = 0; i < streams.Length; i++)
        {
            streams[i] = new TsStream(TsTables.VideoPid + i, IsVideo(i) ? VideoStreamId : AudioStreamId);
        }

        return streams;
    }

    bool IsVideo(int stream) => _streams[stream].IsVideo;

    void Count(ref TsPacketWriter writer, ref TsStream stream, int number)
    {
        ref readonly var pes = ref _order[number];
        writer.BeginPes(ref stream, TimestampsOf(pes) + pes.Payload, ClockOf(pes), false, _last[pes.Stream] == number);
    }

    int TimestampsOf(in TsPes pes) => IsVideo(pes.Stream) ? PtsAndDts : PtsOnly;

    long ClockOf(in TsPes pes) => IsVideo(pes.Stream) || _streams.Length == 1 ? (pes.Dts - PcrLead90k) & 0x1_FFFF_FFFF : -1;

    static int[] LastOf(TsPes[] order, int streams)
    {
        var last = new int[streams];
        for (var i = 0; i < order.Length; i++)
        {
            last[order[i].Stream] = i;
        }

        return last;
    }
}
