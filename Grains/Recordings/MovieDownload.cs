using System.Buffers.Binary;
using System.Security.Cryptography;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Journal;

namespace Tributary.Grains.Recordings;

/// <summary>A run of media in a file of a volume.</summary>
public readonly record struct MediaRun(TimelineVolume Volume, string Rendition, long Offset, long Start, long Length);

/// <summary>
/// A recording as one MP4 with its index first. The index is made of the parts' own headers; the media is never copied, but read from the journal while it
/// is sent.
/// </summary>
public sealed class MovieDownload
{
    // Headers of parts are a few hundred bytes; what a larger one lacks is read in a second step.
    const int HeaderGuess = 4_096, LongestHeader = 1 << 20;

    readonly byte[] _head;
    readonly List<MediaRun> _runs;
    readonly Func<MediaRun, IJournalSource?> _source;
    readonly string _name;

    MovieDownload(byte[] head, List<MediaRun> runs, long media, string name, Func<MediaRun, IJournalSource?> source) =>
        (_head, _runs, _name, _source, Length, HeadHash) = (head, runs, name, source, head.Length + media, BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(head)));

    public long Length { get; }

    /// <summary>Equal at every gateway where the movie is the same.</summary>
    public ulong HeadHash { get; }

    public long MemoryBytes => 512 + _head.Length + 64L * _runs.Count;

    /// <summary>Null where there is nothing to play, or something that is listed cannot be read.</summary>
    public static Task<MovieDownload?> Build(RecordedTimeline timeline, string name, Func<MediaRun, IJournalSource?> source, CancellationToken cancellation) =>
        Build(timeline, timeline.Numbers, name, source, cancellation);

    /// <summary>Of some numbers of the timeline. Null where there is nothing to play, or something that is listed cannot be read.</summary>
    public static async Task<MovieDownload?> Build(
        RecordedTimeline timeline, IReadOnlyList<RecordedNumber> numbers, string name, Func<MediaRun, IJournalSource?> source, CancellationToken cancellation)
    {
        var movie = new ProgressiveMovie();
        var tracks = new int[timeline.Renditions.Count];
        Array.Fill(tracks, -1);
        var runs = new List<MediaRun>();
        var samples = new List<MovieSample>(256);
        foreach (var number in numbers)
        {
            for (var rendition = 0; rendition < tracks.Length; rendition++)
            {
                if (number.Piece(rendition) is not { Share: { IsGap: false, Track: { } track } } piece || !RecordedTimeline.IsListed(piece))
                {
                    continue;
                }

                if (tracks[rendition] < 0)
                {
                    tracks[rendition] = movie.Add(track.Info);
                }

                movie.Configure(tracks[rendition], track.Info);
                if (!await Add(movie, tracks[rendition], piece, track.Name, name, runs, samples, source, cancellation))
                {
                    return null;
                }
            }
        }

        return movie.Write() is { } head ? new MovieDownload(head, runs, movie.MediaLength, name, source) : null;
    }

    static async Task<bool> Add(
        ProgressiveMovie movie, int track, RecordedPiece piece, string rendition, string name, List<MediaRun> runs, List<MovieSample> samples,
        Func<MediaRun, IJournalSource?> source, CancellationToken cancellation)
    {
        var header = new byte[HeaderGuess];
        for (var (offset, end) = (piece.Share.Offset, piece.Share.Offset + piece.Share.Length); offset < end;)
        {
            var run = new MediaRun(piece.Volume, rendition, offset, 0, 0);
            if (source(run) is not { } node)
            {
                return false;
            }

            var file = FileOf(run);
            var got = await node.Read(JournalKind.Recordings, name, file, offset, header, cancellation);
            var need = HeaderLength(header.AsSpan(0, got));
            if (need > got && need <= LongestHeader)
            {
                header = new byte[need];
                got = await node.Read(JournalKind.Recordings, name, file, offset, header, cancellation);
            }

            if (!TryRead(header.AsSpan(0, got), samples, out var headerLength, out var media, out var dts) || samples.Count == 0 || headerLength + media > end - offset)
            {
                return false;
            }

            runs.Add(run with { Offset = offset + headerLength, Start = movie.MediaLength, Length = media });
            movie.AddChunk(track, dts, samples);
            offset += headerLength + media;
        }

        return true;
    }

    static string FileOf(MediaRun run) => $"{run.Volume.Name}-{run.Rendition}.mp4";

    // Of moof and the header of mdat, as the size of the moof says.
    static int HeaderLength(ReadOnlySpan<byte> bytes) =>
        bytes.Length < 8 ? 0 : (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(bytes) + 16u, int.MaxValue);

    static bool TryRead(ReadOnlySpan<byte> bytes, List<MovieSample> samples, out int header, out long media, out long dts)
    {
        (header, media, dts) = (0, 0, 0);
        var moof = bytes.Length < 8 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (moof < 8 || moof + 16 > bytes.Length || !bytes[4..8].SequenceEqual("moof"u8) || !bytes.Slice((int)moof + 4, 4).SequenceEqual("mdat"u8)
            || !MovieFragment.TryRead(bytes[8..(int)moof], samples, out dts))
        {
            return false;
        }

        long size = BinaryPrimitives.ReadUInt32BigEndian(bytes[(int)moof..]);
        var large = size == 1;
        size = large ? BinaryPrimitives.ReadInt64BigEndian(bytes[((int)moof + 8)..]) : size;
        header = (int)moof + (large ? 16 : 8);
        media = size - (large ? 16 : 8);
        var sum = 0L;
        foreach (var sample in samples)
        {
            sum += sample.Size;
        }

        return media == sum;
    }

    /// <summary>Bytes of the file from a place on: of its head, or of the one run that lies there.</summary>
    public async Task<int> Read(long offset, Memory<byte> bytes, CancellationToken cancellation)
    {
        if (offset < _head.Length)
        {
            var part = _head.AsMemory((int)offset, (int)Math.Min(bytes.Length, _head.Length - offset));
            part.CopyTo(bytes);
            return part.Length;
        }

        offset -= _head.Length;
        var read = 0;
        for (var index = Find(offset); index < _runs.Count && read < bytes.Length; index++)
        {
            var run = _runs[index];
            var into = offset + read - run.Start;
            var want = (int)Math.Min(bytes.Length - read, run.Length - into);
            var got = _source(run) is { } source
                ? await source.Read(JournalKind.Recordings, _name, FileOf(run), run.Offset + into, bytes.Slice(read, want), cancellation)
                : 0;
            read += got;
            if (got < want)
            {
                break;
            }
        }

        return read;
    }

    int Find(long offset)
    {
        var (low, high) = (0, _runs.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _runs[middle].Start <= offset ? (middle, high) : (low, middle - 1);
        }

        return low;
    }
}
