using System.Buffers;
using System.Text;
using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// Writes the initialisation segment of CMAF tracks (ISO/IEC 23000-19 §7.3.2; boxes of ISO/IEC 14496-12): ftyp and moov without samples. The same
/// tracks give the same bytes everywhere: no times, no random numbers.
/// </summary>
/// <remarks>There are no edit lists: composition offsets are signed, so presentation starts where the timeline says.</remarks>
public static class CmafInitSegment
{
    // What a movie, and a track without its configuration and language, take at most. Measured: 130 and 700 bytes.
    const int MovieRoom = 256;
    const int TrackRoom = 1_024;

    /// <summary>The segment of one track, as HLS and DASH fetch it.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(IBufferWriter<byte> output, TrackInfo track) => Write(output, [track]);

    /// <summary>The segment of several tracks in one file, as a recording has it. Their <see cref="TrackInfo.Id"/>s differ.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(IBufferWriter<byte> output, params ReadOnlySpan<TrackInfo> tracks)
    {
        var room = MovieRoom;
        foreach (var track in tracks)
        {
            room += TrackRoom + track.DecoderConfig.Length + 3 * track.Language.Length;
        }

        var writer = new BoxWriter(output.GetSpan(room)[..room]);
        WriteFileType(ref writer, tracks.Length == 1);
        WriteMovie(ref writer, tracks);
        output.Advance(writer.Position);
        return writer.Position;
    }

    // cmfc says "one CMAF track", which some televisions insist on; iso6 allows the signed offsets and 64-bit times of the fragments.
    static void WriteFileType(ref BoxWriter writer, bool single)
    {
        var box = writer.Open("ftyp"u8);
        writer.Bytes("iso6"u8);
        writer.U32(0);
        writer.Bytes(single ? "iso6cmfcmp41"u8 : "iso6mp41"u8);
        writer.Close(box);
    }

    static void WriteMovie(ref BoxWriter writer, scoped ReadOnlySpan<TrackInfo> tracks)
    {
        var movie = writer.Open("moov"u8);
        WriteMovieHeader(ref writer, tracks);
        foreach (var track in tracks)
        {
            WriteTrack(ref writer, track);
        }

        var extends = writer.Open("mvex"u8);
        foreach (var track in tracks)
        {
            var box = writer.Open("trex"u8, 0, 0);
            writer.I32(track.Id);
            writer.U32(1);    // default_sample_description_index
            writer.Zeros(12);
            writer.Close(box);
        }

        writer.Close(extends);
        writer.Close(movie);
    }

    static void WriteMovieHeader(ref BoxWriter writer, scoped ReadOnlySpan<TrackInfo> tracks)
    {
        var last = 0;
        foreach (var track in tracks)
        {
            last = Math.Max(last, track.Id);
        }

        var box = writer.Open("mvhd"u8, 0, 0);
        writer.Zeros(8);
        writer.I32(tracks.Length == 1 ? tracks[0].Timescale : 1_000);
        writer.U32(0);             // duration: that of the fragments
        writer.U32(0x0001_0000);   // rate 1
        writer.U16(0x0100);        // volume 1
        writer.Zeros(10);
        writer.UnityMatrix();
        writer.Zeros(24);
        writer.I32(last + 1);      // next_track_ID
        writer.Close(box);
    }

    static void WriteTrack(ref BoxWriter writer, TrackInfo track)
    {
        var isVideo = track.Kind == TrackKind.Video;
        var format = isVideo && TrackConfiguration.TryReadVideoFormat(track, out var read) ? read : new VideoFormat();
        var box = writer.Open("trak"u8);
        WriteTrackHeader(ref writer, track, format);
        var media = writer.Open("mdia"u8);
        WriteMediaHeader(ref writer, track);
        WriteHandler(ref writer, isVideo);
        var information = writer.Open("minf"u8);
        WriteKindHeader(ref writer, isVideo);
        WriteDataReference(ref writer);
        WriteSampleTable(ref writer, track, format);
        writer.Close(information);
        writer.Close(media);
        writer.Close(box);
    }

    static void WriteTrackHeader(ref BoxWriter writer, TrackInfo track, VideoFormat format)
    {
        const uint EnabledInMovie = 3;
        var box = writer.Open("tkhd"u8, 0, EnabledInMovie);
        writer.Zeros(8);
        writer.I32(track.Id);
        writer.Zeros(4 + 4 + 8 + 2 + 2);   // reserved, duration, reserved, layer, alternate_group
        writer.U16(track.Kind == TrackKind.Audio ? 0x0100 : 0);
        writer.U16(0);
        writer.UnityMatrix();
        var width = (ulong)track.Width * (uint)format.SampleAspectWidth * 0x1_0000 / (uint)format.SampleAspectHeight;
        writer.U32((uint)Math.Min(width, uint.MaxValue));   // 16.16, of square pixels
        writer.U32((uint)track.Height << 16);
        writer.Close(box);
    }

    static void WriteMediaHeader(ref BoxWriter writer, TrackInfo track)
    {
        var box = writer.Open("mdhd"u8, 0, 0);
        writer.Zeros(8);
        writer.I32(track.Timescale);
        writer.U32(0);
        writer.U16(LanguageCode.Pack(track.Language));
        writer.U16(0);
        writer.Close(box);
        if (track.Language.Length > 0)
        {
            box = writer.Open("elng"u8, 0, 0);   // the whole tag of RFC 5646
            Span<byte> text = stackalloc byte[3 * Math.Min(track.Language.Length, 64)];
            writer.Bytes(text[..Encoding.UTF8.GetBytes(track.Language.AsSpan(0, Math.Min(track.Language.Length, 64)), text)]);
            writer.U8(0);
            writer.Close(box);
        }
    }

    internal static void WriteHandler(ref BoxWriter writer, bool isVideo)
    {
        var box = writer.Open("hdlr"u8, 0, 0);
        writer.U32(0);
        writer.Bytes(isVideo ? "vide"u8 : "soun"u8);
        writer.Zeros(12);
        writer.Bytes(isVideo ? "Video\0"u8 : "Audio\0"u8);
        writer.Close(box);
    }

    internal static void WriteKindHeader(ref BoxWriter writer, bool isVideo)
    {
        var box = isVideo ? writer.Open("vmhd"u8, 0, 1) : writer.Open("smhd"u8, 0, 0);
        writer.Zeros(isVideo ? 8 : 4);
        writer.Close(box);
    }

    internal static void WriteDataReference(ref BoxWriter writer)
    {
        const uint SameFile = 1;
        var box = writer.Open("dinf"u8);
        var reference = writer.Open("dref"u8, 0, 0);
        writer.U32(1);
        var url = writer.Open("url "u8, 0, SameFile);
        writer.Close(url);
        writer.Close(reference);
        writer.Close(box);
    }

    static void WriteSampleTable(ref BoxWriter writer, TrackInfo track, VideoFormat format)
    {
        var table = writer.Open("stbl"u8);
        var description = writer.Open("stsd"u8, 0, 0);
        writer.U32(1);
        SampleEntry.Write(ref writer, track, format);
        writer.Close(description);
        WriteEmpty(ref writer, "stts"u8, 4);
        WriteEmpty(ref writer, "stsc"u8, 4);
        WriteEmpty(ref writer, "stsz"u8, 8);
        WriteEmpty(ref writer, "stco"u8, 4);
        writer.Close(table);
    }

    static void WriteEmpty(ref BoxWriter writer, ReadOnlySpan<byte> type, int zeros)
    {
        var box = writer.Open(type, 0, 0);
        writer.Zeros(zeros);
        writer.Close(box);
    }
}
