using System.Buffers;
using Tributary.Media.Containers.Mp4;

namespace Tributary.Media.Packaging.Vod.Hds;

// What stands before the tags: where the key frames are (afra), and where each frame is (moof).
sealed partial class HdsFragment
{
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
