using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>
/// Writes a segment of a file as an MPEG transport stream (ISO/IEC 13818-1, RFC 8216 §3.2). Times are those of the presentation plus 9,090 ticks, so that
/// neither PCR nor decode times of a stream that begins at 0 are negative. Counters end where they began: see <see cref="TsSegment"/>.
/// </summary>
sealed class VodTsSegment
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
    readonly List<TsPes> _order;
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
    internal VodTsSegment(TsElementary[] streams, ReadOnlyMemory<byte> id3)
    {
        (_streams, _id3, _order) = (streams, id3, TsLayout.Of(streams));
        _last = LastOf(_order, streams.Length);
        _sizes = new int[_order.Count];
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
            var pes = _order[i];
            if (pes.IsKey && IsVideo(pes.Stream))
            {
                found(at, _sizes[i], pes.Pts);
            }

            at += _sizes[i];
        }
    }

    /// <summary>Puts start codes into the pictures, once. False where a picture's NAL units do not add up.</summary>
    internal bool TryMarkStarts(FrameBytes bytes)
    {
        foreach (var stream in _streams.Where(stream => stream.Sets is not null))
        {
            foreach (var run in stream.Track.Runs)
            {
                foreach (ref readonly var frame in run.Frames.AsSpan())
                {
                    if (!TsParameterSets.TryMarkStarts(bytes.Of(run, frame)))
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }

    /// <summary>The segment's bytes: tables, then each PES packet.</summary>
    internal SegmentPieces Pieces(FrameBytes bytes) => new PesPieces(this, bytes);

    sealed class PesPieces(VodTsSegment segment, FrameBytes bytes) : SegmentPieces
    {
        readonly TsStream[] _elementary = segment.Begin();
        int _at = -1;

        internal override int Next => _at < 0 ? segment._headSize : _at < segment._sizes.Length ? segment._sizes[_at] : 0;

        internal override void Take(IBufferWriter<byte>? output)
        {
            var writer = new TsPacketWriter(output);
            if (_at < 0)
            {
                segment.WriteHead(ref writer);
            }
            else if (output is null)
            {
                segment.Count(ref writer, ref _elementary[segment._order[_at].Stream], _at);
            }
            else
            {
                segment.WritePes(ref writer, ref _elementary[segment._order[_at].Stream], _at, bytes);
            }

            writer.Flush();
            _at++;
        }
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

    bool IsVideo(int stream) => _streams[stream].Track.Track.Kind == TrackKind.Video;

    void WriteHead(ref TsPacketWriter writer)
    {
        WriteTables(ref writer, _streams);
        WriteId3(ref writer, _streams.Length, _order, _id3);
    }

    void Count(ref TsPacketWriter writer, ref TsStream stream, int number)
    {
        var pes = _order[number];
        var timestamps = stream.StreamId == VideoStreamId ? PtsAndDts : PtsOnly;
        writer.BeginPes(ref stream, timestamps + pes.Payload, ClockOf(pes), false, _last[pes.Stream] == number);
    }

    long ClockOf(in TsPes pes) => IsVideo(pes.Stream) || _streams.Length == 1 ? (pes.Dts - PcrLead90k) & 0x1_FFFF_FFFF : -1;

    void WritePes(ref TsPacketWriter writer, ref TsStream stream, int number, FrameBytes bytes)
    {
        var pes = _order[number];
        BeginPes(ref writer, ref stream, pes, ClockOf(pes), _last[pes.Stream] == number);
        WritePayload(ref writer, _streams[pes.Stream], pes, bytes);
    }

    static void WriteTables(ref TsPacketWriter writer, TsElementary[] streams)
    {
        Span<byte> section = stackalloc byte[TsTables.MaxSection];
        writer.WriteSection(0, 0, section[..VodTsTables.WriteAssociation(section)]);
        writer.WriteSection(VodTsTables.MapPid, 0, section[..VodTsTables.WriteMap(section, streams)]);
    }

    static int[] LastOf(List<TsPes> order, int streams)
    {
        var last = new int[streams];
        for (var i = 0; i < order.Count; i++)
        {
            last[order[i].Stream] = i;
        }

        return last;
    }

    static void BeginPes(ref TsPacketWriter writer, ref TsStream stream, in TsPes pes, long clock, bool isLast)
    {
        var timestamps = stream.StreamId == VideoStreamId ? PtsAndDts : PtsOnly;
        Span<byte> header = stackalloc byte[PtsAndDts];
        WriteHeader(header, stream.StreamId, timestamps, pes.Payload, pes.Pts, pes.Dts);
        writer.BeginPes(ref stream, timestamps + pes.Payload, clock, false, isLast);
        writer.Append(header[..timestamps]);
    }

    // §2.4.3.7. The length of a picture that does not fit the field is 0: unbounded.
    static void WriteHeader(Span<byte> header, byte streamId, int size, int payload, long pts, long dts)
    {
        header[..3].Clear();
        header[2] = 1;
        header[3] = streamId;
        var length = size - 6 + payload;
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)(length <= ushort.MaxValue ? length : 0));
        header[6] = 0x80;
        header[7] = (byte)(size == PtsOnly ? 0x80 : 0xC0);
        header[8] = (byte)(size - 9);
        WriteTimestamp(header[9..], size == PtsOnly ? 2 : 3, pts);
        if (size == PtsAndDts)
        {
            WriteTimestamp(header[14..], 1, dts);
        }
    }

    static void WriteTimestamp(Span<byte> field, int prefix, long ticks)
    {
        field[0] = (byte)((prefix << 4) | (int)((ticks >> 29) & 0xE) | 1);
        BinaryPrimitives.WriteUInt16BigEndian(field[1..], (ushort)((ticks >> 14) | 1));
        BinaryPrimitives.WriteUInt16BigEndian(field[3..], (ushort)((ticks << 1) | 1));
    }

    static void WritePayload(ref TsPacketWriter writer, TsElementary stream, in TsPes pes, FrameBytes bytes)
    {
        var run = stream.Track.Runs[pes.Run];
        Span<byte> adts = stackalloc byte[AdtsHeader.Size];
        for (var i = 0; i < pes.Count; i++)
        {
            ref readonly var frame = ref run.Frames[pes.First + i];
            if (stream.Sets is { } sets)
            {
                writer.Append(sets.Delimiter);
                writer.Append(frame.IsKey ? sets.Bytes : default);
            }
            else if (stream.Adts is { } header)
            {
                header.Write(adts, frame.Size);
                writer.Append(adts);
            }

            writer.Append(bytes.Of(run, frame));
        }
    }

    static void WriteId3(ref TsPacketWriter writer, int streams, List<TsPes> order, ReadOnlyMemory<byte> id3)
    {
        if (id3.IsEmpty || order.FindIndex(pes => pes.Stream == 0) is not (>= 0 and var first))
        {
            return;
        }

        var pts = order[first].Dts;
        var stream = new TsStream(TsTables.VideoPid + streams, PrivateStreamId);
        var pes = new TsPes(streams, 0, 0, 0, id3.Length, pts, pts, true);
        BeginPes(ref writer, ref stream, pes, -1, false);
        writer.Append(id3.Span);
    }
}
