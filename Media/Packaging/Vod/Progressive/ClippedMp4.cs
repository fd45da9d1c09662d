using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Progressive;

/// <summary>
/// A part of an MP4 file as a file of its own, for progressive download: the tables (ISO/IEC 14496-12 §8.6, §8.7) are written anew, the media data is the
/// part of the source from the first kept frame to the last. It may begin with a frame that is no key frame, as the cut is where it was asked for.
/// </summary>
public static class ClippedMp4
{
    /// <summary>Clips a file.</summary>
    /// <param name="file">Its tracks.</param>
    /// <param name="takes">Which tracks are kept.</param>
    /// <param name="from">Milliseconds.</param>
    /// <param name="to">Milliseconds; null for the end.</param>
    /// <param name="mostFrames">Frames of a track that are looked at.</param>
    /// <param name="bytes">The file's bytes; the body gives them back.</param>
    public static PackagedAnswer Make(MediaFile file, Func<SourceTrack, bool> takes, long from, long? to, int mostFrames, IByteSource bytes)
    {
        var tracks = new List<ClippedTrack>();
        foreach (var track in file.Tracks.Where(takes))
        {
            if (track.SampleEntry.IsEmpty || track.FramesDamage.Length > 0 || ClippedTrack.Take(track, from, to, mostFrames) is not { } clipped)
            {
                return PackagedAnswer.Failed(MediaFailure.BadData, "frames of the file cannot be found");
            }

            if (!clipped.Frames.IsEmpty)
            {
                tracks.Add(clipped);
            }
        }

        if (tracks.Count == 0)
        {
            return PackagedAnswer.Failed(MediaFailure.BadRequest, "the part that is asked for has no frame");
        }

        var (start, end) = (tracks.Min(track => track.Start), tracks.Max(track => track.End));
        return start < 0 || end > bytes.Length
            ? PackagedAnswer.Failed(MediaFailure.BadData, "frames lie beyond the file's end")
            : PackagedAnswer.Of(new ClippedBody(Header(tracks, start, end), bytes, start, end - start) { ContentType = "video/mp4" });
    }

    static ReadOnlyMemory<byte> Header(List<ClippedTrack> tracks, long start, long end)
    {
        // The tables are of the same size wherever the media data is, so they are written twice: to measure, and in earnest.
        var memory = new byte[4_096 + tracks.Sum(track => 2_048L + track.Source.SampleEntry.Length + track.Source.Name.Length * 3L + 44L * track.Frames.Length)];
        var length = Write(memory, tracks, 0, start, end);
        return memory.AsMemory(0, Write(memory, tracks, length - start, start, end));
    }

    static int Write(Span<byte> memory, List<ClippedTrack> tracks, long shift, long start, long end)
    {
        var writer = new BoxWriter(memory);
        var type = writer.Open("ftyp"u8);
        writer.Bytes("isom"u8);
        writer.U32(512);
        writer.Bytes("isomiso2avc1mp41"u8);
        writer.Close(type);
        var duration = tracks.Max(track => MediaTime.Rescale(track.Duration, track.Source.Info.Timescale, MovieTimescale));
        var movie = writer.Open("moov"u8);
        MovieHeader(ref writer, duration, tracks.Count + 1);
        for (var at = 0; at < tracks.Count; at++)
        {
            Track(ref writer, tracks[at], at + 1, shift);
        }

        writer.Close(movie);
        var size = end - start + 8;
        if (size > uint.MaxValue)
        {
            writer.U32(1);   // the size follows, in 64 bits
            writer.Bytes("mdat"u8);
            writer.U64((ulong)size + 8);
        }
        else
        {
            writer.U32((uint)size);
            writer.Bytes("mdat"u8);
        }

        return writer.Position;
    }

    const int MovieTimescale = 1_000;

    static void MovieHeader(ref BoxWriter writer, long duration, int nextTrack)
    {
        var box = writer.Open("mvhd"u8, 1, 0);
        writer.Zeros(16);
        writer.U32(MovieTimescale);
        writer.U64((ulong)duration);
        writer.U32(0x0001_0000);   // rate 1.0
        writer.U16(0x0100);        // volume 1.0
        writer.Zeros(10);
        writer.UnityMatrix();
        writer.Zeros(24);
        writer.I32(nextTrack);
        writer.Close(box);
    }

    static void Track(ref BoxWriter writer, ClippedTrack track, int id, long shift)
    {
        var info = track.Source.Info;
        var isVideo = info.Kind == TrackKind.Video;
        var trak = writer.Open("trak"u8);
        var header = writer.Open("tkhd"u8, 1, 3);
        writer.Zeros(16);
        writer.I32(id);
        writer.U32(0);
        writer.U64((ulong)MediaTime.Rescale(track.Duration, info.Timescale, MovieTimescale));
        writer.Zeros(12);
        writer.U16(isVideo ? 0 : 0x0100);
        writer.U16(0);
        writer.UnityMatrix();
        writer.I32(info.Width << 16);
        writer.I32(info.Height << 16);
        writer.Close(header);
        var media = writer.Open("mdia"u8);
        var time = writer.Open("mdhd"u8, 1, 0);
        writer.Zeros(16);
        writer.I32(info.Timescale);
        writer.U64((ulong)track.Duration);
        writer.U16(LanguageCode.Pack(info.Language));
        writer.U16(0);
        writer.Close(time);
        var handler = writer.Open("hdlr"u8, 0, 0);
        writer.U32(0);
        writer.Bytes(isVideo ? "vide"u8 : "soun"u8);
        writer.Zeros(12);
        writer.Bytes(isVideo ? "VideoHandler\0"u8 : "SoundHandler\0"u8);
        writer.Close(handler);
        Information(ref writer, track, isVideo, shift);
        writer.Close(media);
        writer.Close(trak);
    }

    static void Information(ref BoxWriter writer, ClippedTrack track, bool isVideo, long shift)
    {
        var information = writer.Open("minf"u8);
        var kind = isVideo ? writer.Open("vmhd"u8, 0, 1) : writer.Open("smhd"u8, 0, 0);
        writer.Zeros(isVideo ? 8 : 4);
        writer.Close(kind);
        var data = writer.Open("dinf"u8);
        var references = writer.Open("dref"u8, 0, 0);
        writer.U32(1);
        var url = writer.Open("url "u8, 0, 1);   // in this file
        writer.Close(url);
        writer.Close(references);
        writer.Close(data);
        var table = writer.Open("stbl"u8);
        var description = writer.Open("stsd"u8, 0, 0);
        writer.U32(1);
        writer.Bytes(track.Source.SampleEntry.Span);
        writer.Close(description);
        ClippedTables.Write(ref writer, track, shift);
        writer.Close(table);
        writer.Close(information);
    }
}
