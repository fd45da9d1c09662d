using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hds;

/// <summary>
/// A fragment (Adobe F4V specification §2.11.3): where its key frames are (afra), a moof that says where each frame is, and an mdat of FLV tags: the frames
/// of all tracks by their decode times, and the decoder configurations before the first and before every key frame.
/// </summary>
sealed class HdsFragment
{
    const int TagHeader = 11;
    const int TagTrailer = 4;
    const int MaxHead = 5;   // frame type and codec, packet type, composition time
    const int AfraHeader = 21;
    const int MoofAndMfhd = 8 + 16;
    const int TrafHeader = 8 + 28;
    const int VideoTrun = 36;
    const int AudioTrun = 28;
    const int MdatHeader = 8;
    const byte VideoTag = 9;
    const byte AudioTag = 8;
    const uint KeyFlags = 0x0200_0000;
    const uint OtherFlags = 0x0101_0000;

    readonly IReadOnlyList<SegmentTrack> _tracks;
    readonly int _number;
    readonly bool _hasIndex;
    readonly Tag[] _tags;
    readonly byte[][] _configs;
    readonly int _configBytes;
    readonly int _keyFrames;
    readonly bool _startsWithKey;
    readonly long _start;

    /// <param name="tracks">The tracks, in milliseconds.</param>
    /// <param name="number">Number of the segment, from 0.</param>
    /// <param name="hasIndex">Whether afra and moof stand before the tags.</param>
    internal HdsFragment(IReadOnlyList<SegmentTrack> tracks, int number, bool hasIndex)
    {
        (_tracks, _number, _hasIndex, _tags) = (tracks, number, hasIndex, InOrder(tracks));
        _configs = [.. tracks.Select(static track => ConfigOf(track.Track))];
        _configBytes = _configs.Sum(static config => config.Length > 0 ? TagHeader + config.Length + TagTrailer : 0);
        _start = tracks[0].Count > 0 ? tracks[0].FirstDts : 0;
        _startsWithKey = _tags.Length > 0 && _tags[0].IsKey;
        var bytes = MdatHeader + (_startsWithKey ? 0 : _configBytes);
        foreach (ref readonly var tag in _tags.AsSpan())
        {
            _keyFrames += tag.IsKey ? 1 : 0;
            bytes += SizeOf(tag);
        }

        MdatLength = bytes;
        Length = (hasIndex ? AfraLength + MoofLength : 0) + bytes;
    }

    /// <summary>Bytes in all.</summary>
    internal int Length { get; }

    int MdatLength { get; }

    int AfraLength => AfraHeader + 16 * _keyFrames;

    int MoofLength => MoofAndMfhd + Enumerable.Range(0, _tracks.Count).Sum(track => TrafHeader + _tracks[track].Count * (IsVideo(track) ? VideoTrun : AudioTrun));

    /// <summary>A frame as a tag.</summary>
    readonly record struct Tag(int Track, int Run, int Frame, long Time, int Size, bool IsKey);

    /// <summary>The fragment's bytes: all that stands before the first frame, then each tag, a key frame's behind the configurations.</summary>
    internal SegmentPieces Pieces(FrameBytes bytes) => new TagPieces(this, bytes);

    sealed class TagPieces(HdsFragment fragment, FrameBytes bytes) : SegmentPieces
    {
        int _at = -1;

        SegmentRun Run => fragment._tracks[fragment._tags[_at].Track].Runs[fragment._tags[_at].Run];

        internal override int Next => _at < 0 ? fragment.HeadLength : _at < fragment._tags.Length ? fragment.SizeOf(fragment._tags[_at]) : 0;

        internal override ValueTask<bool> TryLoadAsync(CancellationToken cancellation) =>
            _at < 0 ? new(true) : bytes.LoadAsync(Run, fragment._tags[_at].Frame, cancellation);

        internal override void Take(IBufferWriter<byte>? output)
        {
            if (output is not null && _at < 0)
            {
                fragment.WriteHead(output);
            }
            else if (output is not null)
            {
                ref readonly var frame = ref Run.Frames[fragment._tags[_at].Frame];
                fragment.WriteFrame(output, fragment._tags[_at], frame, bytes.Of(Run, fragment._tags[_at].Frame));
            }

            _at++;
        }
    }

    int HeadLength => Length - MdatLength + MdatHeader + (_startsWithKey ? 0 : _configBytes);

    void WriteHead(IBufferWriter<byte> output)
    {
        if (_hasIndex)
        {
            WriteIndex(output);
        }

        var writer = new BoxWriter(output.GetSpan(MdatHeader)[..MdatHeader]);
        writer.I32(MdatLength);
        writer.Bytes("mdat"u8);
        output.Advance(MdatHeader);
        if (!_startsWithKey)
        {
            WriteConfigurations(output, _start);
        }
    }

    void WriteFrame(IBufferWriter<byte> output, in Tag tag, in SetFrame frame, ReadOnlySpan<byte> data)
    {
        if (tag.IsKey)
        {
            WriteConfigurations(output, tag.Time);
        }

        Span<byte> head = stackalloc byte[MaxHead];
        WriteTag(output, IsVideo(tag.Track) ? VideoTag : AudioTag, tag.Time, head[..WriteHeadOf(head, _tracks[tag.Track].Track, frame)], data);
    }

    void WriteConfigurations(IBufferWriter<byte> output, long time)
    {
        for (var track = 0; track < _tracks.Count; track++)
        {
            WriteTag(output, IsVideo(track) ? VideoTag : AudioTag, time, _configs[track], []);
        }
    }

    bool IsVideo(int track) => IsVideo(_tracks[track]);

    static bool IsVideo(SegmentTrack track) => track.Track.Kind == TrackKind.Video;

    ref readonly SetFrame FrameOf(in Tag tag) => ref _tracks[tag.Track].Runs[tag.Run].Frames[tag.Frame];

    // With the configurations before it.
    int SizeOf(in Tag tag) => (tag.IsKey ? _configBytes : 0) + tag.Size;

    // By decode time; of those that are decoded at once the first track's first.
    static Tag[] InOrder(IReadOnlyList<SegmentTrack> tracks)
    {
        var tags = new Tag[tracks.Sum(static track => track.Count)];
        var places = new (int Run, int Frame)[tracks.Count];
        for (var i = 0; i < tags.Length; i++)
        {
            var (first, time) = (-1, long.MaxValue);
            for (var track = 0; track < places.Length; track++)
            {
                ref var place = ref places[track];
                var runs = tracks[track].Runs;
                while (place.Run < runs.Length && place.Frame == runs[place.Run].Frames.Length)
                {
                    place = (place.Run + 1, 0);
                }

                if (place.Run < runs.Length && TimeOf(runs[place.Run], place.Frame) is var at && (first < 0 || at < time))
                {
                    (first, time) = (track, at);
                }
            }

            tags[i] = TagOf(tracks[first], first, places[first], time);
            places[first].Frame++;
        }

        return tags;
    }

    static long TimeOf(SegmentRun run, int frame) => run.Start + run.Frames[frame].Dts - run.Frames[0].Dts;

    static Tag TagOf(SegmentTrack track, int number, (int Run, int Frame) place, long time)
    {
        ref readonly var frame = ref track.Runs[place.Run].Frames[place.Frame];
        return new Tag(number, place.Run, place.Frame, time, TagHeader + HeadLengthOf(track.Track) + frame.Size + TagTrailer, IsVideo(track) && frame.IsKey);
    }

    // AVC sequence header or AudioSpecificConfig behind the first bytes of a tag; nothing for MP3.
    static byte[] ConfigOf(SetTrack track) => track.Info.Codec switch
    {
        Codec.H264 => [0x17, 0, 0, 0, 0, .. track.Info.DecoderConfig.Span],
        Codec.Aac => [0xAF, 0, .. track.Info.DecoderConfig.Span],
        _ => [],
    };

    static int HeadLengthOf(SetTrack track) => track.Info.Codec switch { Codec.H264 => MaxHead, Codec.Aac => 2, _ => 1 };

    static int WriteHeadOf(Span<byte> head, SetTrack track, in SetFrame frame)
    {
        switch (track.Info.Codec)
        {
            case Codec.H264:
                BinaryPrimitives.WriteInt32BigEndian(head[1..], frame.PtsDelay & 0xFF_FFFF | 1 << 24);
                head[0] = (byte)(frame.IsKey ? 0x17 : 0x27);
                return MaxHead;
            case Codec.Aac:
                (head[0], head[1]) = (0xAF, 1);
                return 2;
            default:
                head[0] = (byte)(0x22 | RateOf(track.Info.SampleRate) << 2 | (track.Info.Channels > 1 ? 1 : 0));
                return 1;
        }
    }

    static int RateOf(int hertz) => hertz switch { >= 44_100 => 3, >= 22_050 => 2, >= 11_025 => 1, _ => 0 };

    static void WriteTag(IBufferWriter<byte> output, byte type, long time, ReadOnlySpan<byte> head, ReadOnlySpan<byte> data)
    {
        var size = head.Length + data.Length;
        if (size == 0)
        {
            return;
        }

        var header = output.GetSpan(TagHeader);
        BinaryPrimitives.WriteUInt32BigEndian(header, (uint)(type << 24 | size));
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], (uint)((time & 0xFF_FFFF) << 8 | time >> 24 & 0xFF));
        header[8..TagHeader].Clear();   // stream 0
        output.Advance(TagHeader);
        output.Write(head);
        output.Write(data);
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(TagTrailer), size + TagHeader);
        output.Advance(TagTrailer);
    }

    void WriteIndex(IBufferWriter<byte> output)
    {
        var size = AfraLength + MoofLength;
        var writer = new BoxWriter(output.GetSpan(size)[..size]);
        var places = Places();
        WriteKeyFrames(ref writer, places);
        WriteMoof(ref writer, places);
        output.Advance(size);
    }

    // Places of the tags, from the start of the moof.
    int[] Places()
    {
        var places = new int[_tags.Length];
        var place = MoofLength + MdatHeader + (_startsWithKey ? 0 : _configBytes);
        for (var i = 0; i < places.Length; i++)
        {
            place += SizeOf(_tags[i]);
            places[i] = place - _tags[i].Size;
        }

        return places;
    }

    // A key frame's place is that of the configurations before it.
    void WriteKeyFrames(ref BoxWriter writer, int[] places)
    {
        var box = writer.Open("afra"u8, 0, 0);
        writer.U8(0xC0);   // long numbers and places
        writer.U32(HdsPackager.Timescale);
        writer.I32(_keyFrames);
        for (var i = 0; i < places.Length; i++)
        {
            if (_tags[i].IsKey)
            {
                writer.U64((ulong)_tags[i].Time);
                writer.U64((ulong)(AfraLength + places[i] - _configBytes));
            }
        }

        writer.Close(box);
    }

    void WriteMoof(ref BoxWriter writer, int[] places)
    {
        var moof = writer.Open("moof"u8);
        var header = writer.Open("mfhd"u8, 0, 0);
        writer.I32(_number);
        writer.Close(header);
        for (var track = 0; track < _tracks.Count; track++)
        {
            var traf = writer.Open("traf"u8);
            var fragment = writer.Open("tfhd"u8, 0, 3);   // base data offset, sample description
            writer.U32(1);
            writer.U64((ulong)(MoofLength + AfraHeader));
            writer.U32(1);
            writer.Close(fragment);
            for (var i = 0; i < places.Length; i++)
            {
                if (_tags[i].Track == track)
                {
                    WriteRun(ref writer, _tags[i], places[i]);
                }
            }

            writer.Close(traf);
        }

        writer.Close(moof);
    }

    void WriteRun(ref BoxWriter writer, in Tag tag, int place)
    {
        ref readonly var frame = ref FrameOf(tag);
        var isVideo = IsVideo(tag.Track);
        var box = writer.Open("trun"u8, 0, isVideo ? 0xF01u : 0x301u);
        writer.U32(1);
        writer.I32(place + TagHeader + HeadLengthOf(_tracks[tag.Track].Track));
        writer.I32(frame.Duration);
        writer.I32(frame.Size);
        if (isVideo)
        {
            writer.U32(frame.IsKey ? KeyFlags : OtherFlags);
            writer.I32(frame.PtsDelay);
        }

        writer.Close(box);
    }
}
