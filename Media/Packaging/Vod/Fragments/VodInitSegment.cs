using Tributary.Media.Containers.Mp4;
using Tributary.Media.Codecs;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Fragments;

/// <summary>
/// Initialisation segments of files (ISO/IEC 14496-12): the sample entries are the file's own, byte for byte, so whatever it says of colour, bit rate or
/// aspect ratio stays; where the file is no MP4 they are made.
/// </summary>
static class VodInitSegment
{
    internal const int Timescale = MediaTime.Hz90k;
    const int MovieRoom = 256;
    const int TrackRoom = 1_024;

    /// <summary>The segment of the tracks, which are numbered from 1.</summary>
    /// <param name="tracks">The tracks.</param>
    /// <param name="brand">ftyp: major brand, and what it is compatible with.</param>
    /// <param name="duration">Length of the presentation in ticks of 90 kHz; 0 where it is live.</param>
    internal static byte[] Write(IReadOnlyList<SetTrack> tracks, ReadOnlySpan<byte> brand, long duration)
    {
        var room = MovieRoom + tracks.Sum(track => TrackRoom + track.Source.SampleEntry.Length + track.Info.DecoderConfig.Length);
        var memory = new byte[room];
        var writer = new BoxWriter(memory);
        var type = writer.Open("ftyp"u8);
        writer.Bytes(brand[..4]);
        writer.U32(1);
        writer.Bytes(brand);
        writer.Close(type);
        var movie = writer.Open("moov"u8);
        WriteMovieHeader(ref writer, duration);
        WriteExtends(ref writer, tracks.Count);
        for (var i = 0; i < tracks.Count; i++)
        {
            WriteTrack(ref writer, tracks[i], i + 1, duration);
        }

        writer.Close(movie);
        return memory.AsSpan(0, writer.Position).ToArray();
    }

    /// <summary>The segment of captions in TTML, the only track (ISO/IEC 14496-12 §12.6.3, 14496-30 §4).</summary>
    /// <param name="duration">Length of the presentation in ticks of 90 kHz; 0 where it is live.</param>
    internal static byte[] WriteCaptions(long duration)
    {
        var memory = new byte[MovieRoom + TrackRoom];
        var writer = new BoxWriter(memory);
        var type = writer.Open("ftyp"u8);
        writer.Bytes("isom"u8);
        writer.U32(1);
        writer.Bytes("isomavc1"u8);
        writer.Close(type);
        var movie = writer.Open("moov"u8);
        WriteMovieHeader(ref writer, duration);
        WriteExtends(ref writer, 1);
        var trak = writer.Open("trak"u8);
        WriteTrackHeader(ref writer, 1, duration, 0, 0, 0);
        var media = writer.Open("mdia"u8);
        WriteMediaHeader(ref writer, duration, "subt"u8, "subt\0"u8);
        var information = writer.Open("minf"u8);
        writer.Close(writer.Open("sthd"u8, 0, 0));
        WriteDataReference(ref writer);
        var table = writer.Open("stbl"u8);
        var descriptions = writer.Open("stsd"u8, 0, 0);
        writer.U32(1);
        var entry = writer.Open("stpp"u8);
        writer.Zeros(6);
        writer.U16(1);
        writer.Bytes("http://www.w3.org/ns/ttml\0\0\0"u8);   // namespace, schema_location, auxiliary_mime_types
        writer.Close(entry);
        writer.Close(descriptions);
        WriteEmptyTables(ref writer);
        writer.Close(table);
        writer.Close(information);
        writer.Close(media);
        writer.Close(trak);
        writer.Close(movie);
        return memory.AsSpan(0, writer.Position).ToArray();
    }

    static byte VersionFor(long duration) => duration > uint.MaxValue ? (byte)1 : (byte)0;

    static void WriteTimes(ref BoxWriter writer, long duration, uint? trackId)
    {
        var wide = VersionFor(duration) == 1;
        writer.Zeros(wide ? 16 : 8);   // creation_time, modification_time
        if (trackId is { } id)
        {
            writer.U32(id);
            writer.U32(0);
        }
        else
        {
            writer.U32(Timescale);
        }

        if (wide)
        {
            writer.U64((ulong)duration);
        }
        else
        {
            writer.U32((uint)duration);
        }
    }

    static void WriteMovieHeader(ref BoxWriter writer, long duration)
    {
        var box = writer.Open("mvhd"u8, VersionFor(duration), 0);
        WriteTimes(ref writer, duration, null);
        writer.U32(0x0001_0000);   // rate 1.0
        writer.U16(0x0100);        // volume 1.0
        writer.Zeros(10);
        writer.UnityMatrix();
        writer.Zeros(24);
        writer.U32(uint.MaxValue); // next_track_ID: look for it
        writer.Close(box);
    }

    static void WriteExtends(ref BoxWriter writer, int tracks)
    {
        var extends = writer.Open("mvex"u8);
        for (var id = 1; id <= tracks; id++)
        {
            var box = writer.Open("trex"u8, 0, 0);
            writer.I32(id);
            writer.U32(1);
            writer.Zeros(12);
            writer.Close(box);
        }

        writer.Close(extends);
    }

    static void WriteTrack(ref BoxWriter writer, SetTrack track, int id, long duration)
    {
        var isVideo = track.Kind == TrackKind.Video;
        var trak = writer.Open("trak"u8);
        WriteTrackHeader(ref writer, id, duration, isVideo ? 0 : 0x0100, track.Info.Width, track.Info.Height);
        WriteMedia(ref writer, track, isVideo, duration);
        writer.Close(trak);
    }

    static void WriteTrackHeader(ref BoxWriter writer, int id, long duration, int volume, int width, int height)
    {
        var header = writer.Open("tkhd"u8, VersionFor(duration), 3);
        WriteTimes(ref writer, duration, (uint)id);
        writer.Zeros(12);
        writer.U16(volume);
        writer.U16(0);
        writer.UnityMatrix();
        writer.I32(width << 16);
        writer.I32(height << 16);
        writer.Close(header);
    }

    static void WriteMedia(ref BoxWriter writer, SetTrack track, bool isVideo, long duration)
    {
        var media = writer.Open("mdia"u8);
        WriteMediaHeader(ref writer, duration, isVideo ? "vide"u8 : "soun"u8, isVideo ? "VideoHandler\0"u8 : "SoundHandler\0"u8);
        WriteMediaInformation(ref writer, track, isVideo);
        writer.Close(media);
    }

    static void WriteMediaHeader(ref BoxWriter writer, long duration, ReadOnlySpan<byte> handlerType, ReadOnlySpan<byte> name)
    {
        var header = writer.Open("mdhd"u8, VersionFor(duration), 0);
        WriteTimes(ref writer, duration, null);
        writer.U32(0);
        writer.Close(header);
        var handler = writer.Open("hdlr"u8, 0, 0);
        writer.U32(0);
        writer.Bytes(handlerType);
        writer.Zeros(12);
        writer.Bytes(name);
        writer.Close(handler);
    }

    static void WriteMediaInformation(ref BoxWriter writer, SetTrack track, bool isVideo)
    {
        var information = writer.Open("minf"u8);
        var header = isVideo ? writer.Open("vmhd"u8, 0, 1) : writer.Open("smhd"u8, 0, 0);
        writer.Zeros(isVideo ? 8 : 4);
        writer.Close(header);
        WriteDataReference(ref writer);
        WriteSampleTable(ref writer, track);
        writer.Close(information);
    }

    static void WriteDataReference(ref BoxWriter writer)
    {
        var data = writer.Open("dinf"u8);
        var references = writer.Open("dref"u8, 0, 0);
        writer.U32(1);
        writer.Close(writer.Open("url "u8, 0, 1));
        writer.Close(references);
        writer.Close(data);
    }

    static void WriteSampleTable(ref BoxWriter writer, SetTrack track)
    {
        var table = writer.Open("stbl"u8);
        var descriptions = writer.Open("stsd"u8, 0, 0);
        writer.U32(1);
        if ((track.Decryptor is null ? track.Source.SampleEntry : track.Source.Encryption!.ClearEntry) is { IsEmpty: false } entry)
        {
            writer.Bytes(entry.Span);
        }
        else
        {
            TrackConfiguration.TryReadVideoFormat(track.Info, out var format);
            SampleEntry.Write(ref writer, track.Info, format);
        }

        writer.Close(descriptions);
        WriteEmptyTables(ref writer);
        writer.Close(table);
    }

    static void WriteEmptyTables(ref BoxWriter writer)
    {
        foreach (var (name, size) in EmptyTables)
        {
            var box = writer.Open(name);
            writer.Zeros(size);
            writer.Close(box);
        }
    }

    static readonly (byte[] Name, int Size)[] EmptyTables = [("stts"u8.ToArray(), 8), ("stsc"u8.ToArray(), 8), ("stsz"u8.ToArray(), 12), ("stco"u8.ToArray(), 8)];
}
