using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hds;

/// <summary>
/// A fragment (Adobe F4V specification §2.11.3): where its key frames are (afra), a moof that says where each frame is, and an mdat of FLV tags: the frames
/// of all tracks by their decode times, and the decoder configurations before the first and before every key frame.
/// </summary>
sealed partial class HdsFragment
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

    static void WriteTag(IBufferWriter<byte> output, byte type, long time, ReadOnlySpan<byte> head, ReadOnlySpan<byte> data)
    {
        var size = head.Length + data.Length;
        if (size == 0)
        {
            return;
        }

        var tag = output.GetSpan(TagHeader + size + TagTrailer);
        BinaryPrimitives.WriteUInt32BigEndian(tag, (uint)(type << 24 | size));
        BinaryPrimitives.WriteUInt32BigEndian(tag[4..], (uint)((time & 0xFF_FFFF) << 8 | time >> 24 & 0xFF));
        tag[8..TagHeader].Clear();   // stream 0
        head.CopyTo(tag[TagHeader..]);
        data.CopyTo(tag[(TagHeader + head.Length)..]);
        BinaryPrimitives.WriteInt32BigEndian(tag[(TagHeader + size)..], size + TagHeader);
        output.Advance(TagHeader + size + TagTrailer);
    }
}
