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
        var order = TsLayout.Of(streams);
        (_streams, _id3) = (streams, id3);
        if (!options.AlignFrames)
        {
            TsLayout.Chain(order, pes => TimestampsOf(pes) + (ClockOf(pes) >= 0 ? TsPacketWriter.PcrFieldSize : 0), options.InterleaveFrames);
        }

        _order = [.. order];
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

    /// <summary>The segment's bytes: tables, then each PES packet.</summary>
    internal SegmentPieces Pieces(FrameBytes bytes) => new PesPieces(this, bytes);

    sealed class PesPieces(VodTsSegment segment, FrameBytes bytes) : SegmentPieces
    {
        readonly TsStream[] _elementary = segment.Begin();
        readonly byte[]?[] _rests = new byte[]?[segment._streams.Length];   // what the next PES packet of a stream begins with
        byte[] _unit = [];   // the frames of a PES packet, where they are not written as they lie
        int _at = -1;

        internal override int Next => _at < 0 ? segment._headSize : _at < segment._sizes.Length ? segment._sizes[_at] : 0;

        internal override ValueTask<bool> TryLoadAsync(CancellationToken cancellation)
        {
            if (_at < 0)
            {
                return new(true);
            }

            var pes = segment._order[_at];
            return pes.Before > 0 && _rests[pes.Stream] is null ? TryBeginWithRestAsync(pes, cancellation) : TryLoadAsync(pes, cancellation);
        }

        // A range begins here: what the packet before has left is not known yet.
        async ValueTask<bool> TryBeginWithRestAsync(TsPes pes, CancellationToken cancellation)
        {
            var before = Array.FindLast(segment._order[.._at], other => other.Stream == pes.Stream);
            if (!await TryLoadAsync(before, cancellation))
            {
                return false;
            }

            Keep(before);
            return await TryLoadAsync(pes, cancellation);
        }

        ValueTask<bool> TryLoadAsync(TsPes pes, CancellationToken cancellation) =>
            segment._streams[pes.Stream].Sets is null ? GatherAsync(pes, cancellation) : TryLoadPictureAsync(pes, cancellation);

        async ValueTask<bool> TryLoadPictureAsync(TsPes pes, CancellationToken cancellation)
        {
            var run = segment._streams[pes.Stream].Track.Runs[pes.Run];
            if (!await bytes.LoadAsync(run, pes.First, cancellation))
            {
                return false;
            }

            var picture = bytes.Of(run, pes.First);
            if (!ByteStream.AddsUp(picture))
            {
                return false;
            }

            if (pes is not { Before: 0, After: 0 })
            {
                segment._streams[pes.Stream].WritePicture(Room(pes), picture, pes.IsKey);
            }

            return true;
        }

        async ValueTask<bool> GatherAsync(TsPes pes, CancellationToken cancellation)
        {
            var (run, at) = (segment._streams[pes.Stream].Track.Runs[pes.Run], 0);
            Room(pes);
            for (var i = pes.First; i < pes.First + pes.Count; i++)
            {
                if (!await bytes.LoadAsync(run, i, cancellation))
                {
                    return false;
                }

                at += segment._streams[pes.Stream].WriteSound(_unit.AsSpan(at), bytes.Of(run, i));
            }

            return true;
        }

        Span<byte> Room(in TsPes pes)
        {
            _unit = _unit.Length < pes.Size ? new byte[pes.Size] : _unit;
            return _unit.AsSpan(0, pes.Size);
        }

        void Keep(in TsPes pes) => _rests[pes.Stream] = pes.After == 0 ? null : _unit.AsSpan(pes.Size - pes.After, pes.After).ToArray();

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
                _rests[segment._order[_at].Stream] = null;
            }
            else
            {
                WritePes(ref writer, ref _elementary[segment._order[_at].Stream]);
            }

            writer.Flush();
            _at++;
        }

        void WritePes(ref TsPacketWriter writer, ref TsStream elementary)
        {
            ref readonly var pes = ref segment._order[_at];
            BeginPes(ref writer, ref elementary, pes, segment.ClockOf(pes), segment._last[pes.Stream] == _at);
            var stream = segment._streams[pes.Stream];
            if (stream.Sets is { } sets && pes is { Before: 0, After: 0 })
            {
                var run = stream.Track.Runs[pes.Run];
                writer.Append(sets.Delimiter);
                writer.Append(pes.IsKey ? sets.Bytes : default);
                ByteStream.Append(ref writer, bytes.Of(run, pes.First));
                return;
            }

            writer.Append(pes.Before > 0 ? _rests[pes.Stream] : default);
            writer.Append(_unit.AsSpan(0, pes.Size - pes.After));
            Keep(pes);
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
        ref readonly var pes = ref _order[number];
        writer.BeginPes(ref stream, TimestampsOf(pes) + pes.Payload, ClockOf(pes), false, _last[pes.Stream] == number);
    }

    int TimestampsOf(in TsPes pes) => IsVideo(pes.Stream) ? PtsAndDts : PtsOnly;

    long ClockOf(in TsPes pes) => IsVideo(pes.Stream) || _streams.Length == 1 ? (pes.Dts - PcrLead90k) & 0x1_FFFF_FFFF : -1;

    static void WriteTables(ref TsPacketWriter writer, TsElementary[] streams)
    {
        Span<byte> section = stackalloc byte[TsTables.MaxSection];
        writer.WriteSection(0, 0, section[..VodTsTables.WriteAssociation(section)]);
        writer.WriteSection(VodTsTables.MapPid, 0, section[..VodTsTables.WriteMap(section, streams)]);
    }

    static int[] LastOf(TsPes[] order, int streams)
    {
        var last = new int[streams];
        for (var i = 0; i < order.Length; i++)
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

    static void WriteId3(ref TsPacketWriter writer, int streams, TsPes[] order, ReadOnlyMemory<byte> id3)
    {
        if (id3.IsEmpty || Array.FindIndex(order, pes => pes.Stream == 0) is not (>= 0 and var first))
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
