using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.Mp4;

// Its trak box: headers and edits.
sealed partial class MovieTrack
{
    public void Write(ref BoxWriter writer, int id, long start90k, long mediaOffset)
    {
        var isVideo = first.Kind == TrackKind.Video;
        var format = FormatOf(first);
        var box = writer.Open("trak"u8);
        WriteHeader(ref writer, id, format, Length90k(start90k));
        WriteEdits(ref writer, start90k);
        var media = writer.Open("mdia"u8);
        WriteMediaHeader(ref writer);
        CmafInitSegment.WriteHandler(ref writer, isVideo);
        var information = writer.Open("minf"u8);
        CmafInitSegment.WriteKindHeader(ref writer, isVideo);
        CmafInitSegment.WriteDataReference(ref writer);
        WriteTables(ref writer, mediaOffset);
        writer.Close(information);
        writer.Close(media);
        writer.Close(box);
    }

    static VideoFormat FormatOf(TrackInfo info) =>
        info.Kind == TrackKind.Video && TrackConfiguration.TryReadVideoFormat(info, out var read) ? read : new VideoFormat();

    void WriteHeader(ref BoxWriter writer, int id, VideoFormat format, long length90k)
    {
        var box = writer.Open("tkhd"u8, 1, 3);   // enabled, in the movie
        writer.Zeros(16);
        writer.I32(id);
        writer.Zeros(4);
        writer.U64((ulong)length90k);
        writer.Zeros(8 + 2 + 2);
        writer.U16(first.Kind == TrackKind.Audio ? 0x0100 : 0);
        writer.U16(0);
        writer.UnityMatrix();
        var width = (ulong)first.Width * (uint)format.SampleAspectWidth * 0x1_0000 / (uint)format.SampleAspectHeight;
        writer.U32((uint)Math.Min(width, uint.MaxValue));
        writer.U32((uint)first.Height << 16);
        writer.Close(box);
    }

    void WriteEdits(ref BoxWriter writer, long start90k)
    {
        var delay = Start90k - start90k;
        var edits = writer.Open("edts"u8);
        var box = writer.Open("elst"u8, 1, 0);
        writer.U32(delay > 0 ? 2u : 1u);
        if (delay > 0)
        {
            WriteEdit(ref writer, delay, -1);
        }

        WriteEdit(ref writer, MediaTime.Rescale(_endDts - _startDts, first.Timescale, MediaTime.Hz90k), _firstOffset);
        writer.Close(box);
        writer.Close(edits);
    }

    static void WriteEdit(ref BoxWriter writer, long length, long mediaTime)
    {
        writer.U64((ulong)length);
        writer.U64((ulong)mediaTime);
        writer.U32(0x0001_0000);   // at its own speed
    }

    void WriteMediaHeader(ref BoxWriter writer)
    {
        var box = writer.Open("mdhd"u8, 1, 0);
        writer.Zeros(16);
        writer.I32(first.Timescale);
        writer.U64((ulong)(_endDts - _startDts));
        writer.U16(LanguageCode.Pack(first.Language));
        writer.U16(0);
        writer.Close(box);
    }
}
