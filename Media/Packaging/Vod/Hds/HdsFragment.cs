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
    readonly List<Tag> _tags = [];
    readonly int _configBytes;
    readonly int _keyFrames;
    readonly bool _startsWithKey;
    readonly long _start;

    /// <param name="tracks">The tracks, in milliseconds.</param>
    /// <param name="number">Number of the segment, from 0.</param>
    /// <param name="hasIndex">Whether afra and moof stand before the tags.</param>
    internal HdsFragment(IReadOnlyList<SegmentTrack> tracks, int number, bool hasIndex)
    {
        (_tracks, _number, _hasIndex) = (tracks, number, hasIndex);
        Order();
        _start = tracks[0].Count > 0 ? tracks[0].FirstDts : 0;
        _configBytes = tracks.Sum(static track => ConfigOf(track.Track).Length is > 0 and var length ? TagHeader + length + TagTrailer : 0);
        _keyFrames = _tags.Count(IsKey);
        _startsWithKey = _tags.Count > 0 && IsKey(_tags[0]);
        MdatLength = MdatHeader + _configBytes * (_keyFrames + (_startsWithKey ? 0 : 1)) + _tags.Sum(TagLength);
        Length = (hasIndex ? AfraLength + MoofLength : 0) + MdatLength;
    }

    /// <summary>Bytes in all.</summary>
    internal int Length { get; }

    int MdatLength { get; }

    int AfraLength => AfraHeader + 16 * _keyFrames;

    int MoofLength => MoofAndMfhd + Enumerable.Range(0, _tracks.Count).Sum(track => TrafHeader + _tracks[track].Count * (IsVideo(track) ? VideoTrun : AudioTrun));

    readonly record struct Tag(int Track, int Run, int Frame, long Time);

    internal void Write(IBufferWriter<byte> output, FrameBytes bytes)
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

        foreach (var tag in _tags)
        {
            if (IsKey(tag))
            {
                WriteConfigurations(output, tag.Time);
            }

            var run = _tracks[tag.Track].Runs[tag.Run];
            ref readonly var frame = ref run.Frames[tag.Frame];
            WriteTag(output, IsVideo(tag.Track) ? VideoTag : AudioTag, tag.Time, HeadOf(_tracks[tag.Track].Track, frame), bytes.Of(run, frame));
        }
    }

    void WriteConfigurations(IBufferWriter<byte> output, long time)
    {
        foreach (var track in _tracks)
        {
            WriteTag(output, IsVideo(track) ? VideoTag : AudioTag, time, ConfigOf(track.Track), []);
        }
    }

    bool IsKey(Tag tag) => IsVideo(tag.Track) && FrameOf(tag).IsKey;

    bool IsVideo(int track) => IsVideo(_tracks[track]);

    static bool IsVideo(SegmentTrack track) => track.Track.Kind == TrackKind.Video;

    ref readonly SetFrame FrameOf(Tag tag) => ref _tracks[tag.Track].Runs[tag.Run].Frames[tag.Frame];

    int TagLength(Tag tag) => TagHeader + HeadLength(_tracks[tag.Track].Track) + FrameOf(tag).Size + TagTrailer;

    // By decode time; of those that are decoded at once the first track's first.
    void Order()
    {
        for (var track = 0; track < _tracks.Count; track++)
        {
            for (var run = 0; run < _tracks[track].Runs.Length; run++)
            {
                var (start, frames) = (_tracks[track].Runs[run].Start, _tracks[track].Runs[run].Frames);
                for (var frame = 0; frame < frames.Length; frame++)
                {
                    _tags.Add(new Tag(track, run, frame, start + frames[frame].Dts - frames[0].Dts));
                }
            }
        }

        _tags.Sort(static (one, other) => (one.Time, one.Track, one.Run, one.Frame).CompareTo((other.Time, other.Track, other.Run, other.Frame)));
    }

    // AVC sequence header or AudioSpecificConfig behind the first bytes of a tag; nothing for MP3.
    static byte[] ConfigOf(SetTrack track) => track.Info.Codec switch
    {
        Codec.H264 => [0x17, 0, 0, 0, 0, .. track.Info.DecoderConfig.Span],
        Codec.Aac => [0xAF, 0, .. track.Info.DecoderConfig.Span],
        _ => [],
    };

    static int HeadLength(SetTrack track) => track.Info.Codec switch { Codec.H264 => 5, Codec.Aac => 2, _ => 1 };

    static byte[] HeadOf(SetTrack track, in SetFrame frame) => track.Info.Codec switch
    {
        Codec.H264 => [(byte)(frame.IsKey ? 0x17 : 0x27), 1, (byte)(frame.PtsDelay >> 16), (byte)(frame.PtsDelay >> 8), (byte)frame.PtsDelay],
        Codec.Aac => [0xAF, 1],
        _ => [(byte)(0x22 | RateOf(track.Info.SampleRate) << 2 | (track.Info.Channels > 1 ? 1 : 0))],
    };

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
        var places = new int[_tags.Count];
        var place = MoofLength + MdatHeader + (_startsWithKey ? 0 : _configBytes);
        for (var i = 0; i < places.Length; i++)
        {
            place += IsKey(_tags[i]) ? _configBytes : 0;
            places[i] = place;
            place += TagLength(_tags[i]);
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
            if (IsKey(_tags[i]))
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

    void WriteRun(ref BoxWriter writer, Tag tag, int place)
    {
        ref readonly var frame = ref FrameOf(tag);
        var isVideo = IsVideo(tag.Track);
        var box = writer.Open("trun"u8, 0, isVideo ? 0xF01u : 0x301u);
        writer.U32(1);
        writer.I32(place + TagHeader + HeadLength(_tracks[tag.Track].Track));
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
