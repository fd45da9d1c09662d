using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Containers.Mp4;
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
    const int AfraHeader = 21;
    const int MoofAndMfhd = 8 + 16;
    const int TrafHeader = 8 + 28;
    const int VideoTrun = 36;
    const int AudioTrun = 28;
    const int MdatHeader = 8;
    const uint KeyFlags = 0x0200_0000;
    const uint OtherFlags = 0x0101_0000;

    readonly HdsTrack[] _tracks;
    readonly int _number;
    readonly bool _hasIndex;
    readonly Tag[] _tags;
    readonly int _configBytes;
    readonly int _moofLength;
    readonly int _keyFrames;
    readonly bool _startsWithKey;
    readonly long _start;

    /// <param name="tracks">The tracks, in milliseconds.</param>
    /// <param name="number">Number of the segment, from 0.</param>
    /// <param name="hasIndex">Whether afra and moof stand before the tags.</param>
    internal HdsFragment(IReadOnlyList<SegmentTrack> tracks, int number, bool hasIndex)
    {
        (_tracks, _number, _hasIndex) = ([.. tracks.Select(static track => new HdsTrack(track))], number, hasIndex);
        _tags = InOrder(_tracks);
        _configBytes = _tracks.Sum(static track => track.Config.Length > 0 ? TagHeader + track.Config.Length + TagTrailer : 0);
        _moofLength = MoofAndMfhd + _tracks.Sum(static track => TrafHeader + track.Count * (track.IsVideo ? VideoTrun : AudioTrun));
        _start = tracks[0].Count > 0 ? tracks[0].FirstDts : 0;
        _startsWithKey = _tags.Length > 0 && _tags[0].IsKey;
        var bytes = MdatHeader + (_startsWithKey ? 0 : _configBytes);
        foreach (ref readonly var tag in _tags.AsSpan())
        {
            _keyFrames += tag.IsKey ? 1 : 0;
            bytes += SizeOf(tag);
        }

        MdatLength = bytes;
        Length = (hasIndex ? AfraLength + _moofLength : 0) + bytes;
    }

    /// <summary>Bytes in all.</summary>
    internal int Length { get; }

    int MdatLength { get; }

    int AfraLength => AfraHeader + 16 * _keyFrames;

    /// <summary>A frame as a tag.</summary>
    readonly record struct Tag(int Track, int Run, int Frame, long Time, int Size, bool IsKey);

    /// <summary>The fragment's bytes: all that stands before the first frame, then each tag, a key frame's behind the configurations.</summary>
    internal SegmentPieces Pieces(FrameBytes bytes) => new TagPieces(this, bytes);

    sealed class TagPieces(HdsFragment fragment, FrameBytes bytes) : SegmentPieces
    {
        int _at = -1;

        ref readonly Tag Tag => ref fragment._tags[_at];

        internal override int Next => _at < 0 ? fragment.HeadLength : _at < fragment._tags.Length ? fragment.SizeOf(Tag) : 0;

        internal override ValueTask<bool> TryLoadAsync(CancellationToken cancellation) =>
            _at < 0 ? new(true) : bytes.LoadAsync(fragment.RunOf(Tag), Tag.Frame, cancellation);

        internal override void Take(IBufferWriter<byte>? output)
        {
            if (output is not null && _at < 0)
            {
                fragment.WriteHead(output);
            }
            else if (output is not null)
            {
                fragment.WriteFrame(output, Tag, bytes.Of(fragment.RunOf(Tag), Tag.Frame));
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

    void WriteFrame(IBufferWriter<byte> output, in Tag tag, ReadOnlySpan<byte> data)
    {
        if (tag.IsKey)
        {
            WriteConfigurations(output, tag.Time);
        }

        Span<byte> head = stackalloc byte[HdsTrack.MaxHead];
        var track = _tracks[tag.Track];
        WriteTag(output, track.TagType, tag.Time, head[..track.WriteHead(head, FrameOf(tag))], data);
    }

    void WriteConfigurations(IBufferWriter<byte> output, long time)
    {
        foreach (var track in _tracks)
        {
            WriteTag(output, track.TagType, time, track.Config, []);
        }
    }

    SegmentRun RunOf(in Tag tag) => _tracks[tag.Track].Runs[tag.Run];

    ref readonly SetFrame FrameOf(in Tag tag) => ref RunOf(tag).Frames[tag.Frame];

    // With the configurations before it.
    int SizeOf(in Tag tag) => (tag.IsKey ? _configBytes : 0) + tag.Size;

    // By decode time; of those that are decoded at once the first track's first.
    static Tag[] InOrder(HdsTrack[] tracks)
    {
        var tags = new Tag[tracks.Sum(static track => track.Count)];
        var places = new (int Run, int Frame)[tracks.Length];
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

    static Tag TagOf(HdsTrack track, int number, (int Run, int Frame) place, long time)
    {
        ref readonly var frame = ref track.Runs[place.Run].Frames[place.Frame];
        return new Tag(number, place.Run, place.Frame, time, TagHeader + track.HeadLength + frame.Size + TagTrailer, track.IsVideo && frame.IsKey);
    }

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
        var size = AfraLength + _moofLength;
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
        var place = _moofLength + MdatHeader + (_startsWithKey ? 0 : _configBytes);
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
        for (var track = 0; track < _tracks.Length; track++)
        {
            var traf = writer.Open("traf"u8);
            var fragment = writer.Open("tfhd"u8, 0, 3);   // base data offset, sample description
            writer.U32(1);
            writer.U64((ulong)(_moofLength + AfraHeader));
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
        var track = _tracks[tag.Track];
        var box = writer.Open("trun"u8, 0, track.IsVideo ? 0xF01u : 0x301u);
        writer.U32(1);
        writer.I32(place + TagHeader + track.HeadLength);
        writer.I32(frame.Duration);
        writer.I32(frame.Size);
        if (track.IsVideo)
        {
            writer.U32(frame.IsKey ? KeyFlags : OtherFlags);
            writer.I32(frame.PtsDelay);
        }

        writer.Close(box);
    }
}
