using Tributary.Media.Frames;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// A movie that is one file, moov first, of media that lies elsewhere: chunks are added in the order in which their bytes will follow, and
/// <see cref="Write()"/> gives what stands before them (ISO/IEC 14496-12 §8).
/// </summary>
/// <remarks>
/// Tracks keep their distance to each other: one that begins later begins with an empty edit (§8.6.6). Where samples are missing the one before lasts
/// longer. A change of configuration is another sample description (§8.5.2).
/// </remarks>
public sealed class ProgressiveMovie
{
    const int Timescale = MediaTime.Hz90k;

    readonly List<MovieTrack> _tracks = [];

    /// <summary>Bytes of media so far.</summary>
    public long MediaLength { get; private set; }

    /// <summary>Adds a track and returns its place.</summary>
    public int Add(TrackInfo info)
    {
        _tracks.Add(new MovieTrack(info));
        return _tracks.Count - 1;
    }

    /// <summary>The track goes on with another configuration.</summary>
    public void Configure(int track, TrackInfo info) => _tracks[track].Configure(info);

    /// <summary>Samples of one track whose bytes follow each other.</summary>
    /// <param name="track">Place of the track.</param>
    /// <param name="dts">Decoding time of the first, in ticks of the track on the common timeline.</param>
    /// <param name="samples">At least one.</param>
    public void AddChunk(int track, long dts, List<MovieSample> samples)
    {
        _tracks[track].AddChunk(MediaLength, dts, samples);
        foreach (var sample in samples)
        {
            MediaLength += sample.Size;
        }
    }

    /// <summary>ftyp, moov and the header of mdat: the media follows, chunk by chunk. Null where there is nothing to play.</summary>
    public byte[]? Write()
    {
        MovieTrack[] tracks = [.. _tracks.Where(static track => track.SampleCount > 0)];
        if (tracks.Length == 0)
        {
            return null;
        }

        Array.ForEach(tracks, static track => track.End());
        var start90k = tracks.Min(static track => track.Start90k);
        var room = 1_024 + tracks.Sum(static track => track.Room);
        var bytes = GC.AllocateUninitializedArray<byte>(room);
        var size = Write(bytes, tracks, start90k, 0);
        size = Write(bytes, tracks, start90k, size);   // now that it is known how much stands before the media
        return bytes[..size];
    }

    int Write(byte[] bytes, MovieTrack[] tracks, long start90k, long mediaOffset)
    {
        var writer = new BoxWriter(bytes);
        var box = writer.Open("ftyp"u8);
        writer.Bytes("isom"u8);
        writer.U32(0x200);
        writer.Bytes("isomiso2mp41"u8);
        writer.Close(box);
        var movie = writer.Open("moov"u8);
        WriteHeader(ref writer, tracks, start90k);
        for (var index = 0; index < tracks.Length; index++)
        {
            tracks[index].Write(ref writer, index + 1, start90k, mediaOffset);
        }

        writer.Close(movie);
        writer.U32(1);   // the size is behind the type: more than 4 GB is nothing unusual
        writer.Bytes("mdat"u8);
        writer.U64((ulong)MediaLength + 16);
        return writer.Position;
    }

    static void WriteHeader(ref BoxWriter writer, MovieTrack[] tracks, long start90k)
    {
        var box = writer.Open("mvhd"u8, 1, 0);
        writer.Zeros(16);
        writer.I32(Timescale);
        writer.U64((ulong)tracks.Max(track => track.Length90k(start90k)));
        writer.U32(0x0001_0000);
        writer.U16(0x0100);
        writer.Zeros(10);
        writer.UnityMatrix();
        writer.Zeros(24);
        writer.I32(tracks.Length + 1);
        writer.Close(box);
    }
}
