using System.Buffers.Binary;
using System.Security.Cryptography;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Journal;

namespace Tributary.Grains.Recordings;

/// <summary>A run of media in a file of a volume.</summary>
public readonly record struct MediaRun(TimelineVolume Volume, string Rendition, long Offset, long Start, long Length)
{
    public string File => $"{Volume.Name}-{Rendition}.mp4";
}

/// <summary>
/// A recording as one MP4 with its index first. The index is made of the parts' own headers; the media is never copied, but read from the journal while it
/// is sent.
/// </summary>
public sealed class MovieDownload
{
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

    /// <summary>The first picture and the sounds, as a player of files expects them. Null where there is nothing to play, or something that is listed cannot be read.</summary>
    public static Task<MovieDownload?> Build(RecordedTimeline timeline, string name, Func<MediaRun, IJournalSource?> source, CancellationToken cancellation) =>
        Build(
            timeline, timeline.Numbers, [.. timeline.Offered.Where(rendition => rendition == 0 || timeline.Renditions[rendition][0] == 'a')],
            new PartHeads(name, source), cancellation);

    /// <summary>Of some numbers and renditions of the timeline. Null where there is nothing to play, or something that is listed cannot be read.</summary>
    public static async Task<MovieDownload?> Build(
        RecordedTimeline timeline, IReadOnlyList<RecordedNumber> numbers, int[] renditions, PartHeads heads, CancellationToken cancellation)
    {
        var movie = new ProgressiveMovie();
        var tracks = new int[timeline.Renditions.Count];
        Array.Fill(tracks, -1);
        var runs = new List<MediaRun>();
        foreach (var number in numbers)
        {
            foreach (var rendition in renditions)
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
                if (!await Add(movie, tracks[rendition], piece, track.Name, runs, heads, cancellation))
                {
                    return null;
                }
            }
        }

        return movie.Write() is { } head ? new MovieDownload(head, runs, movie.MediaLength, heads.Name, heads.Source) : null;
    }

    static async Task<bool> Add(
        ProgressiveMovie movie, int track, RecordedPiece piece, string rendition, List<MediaRun> runs, PartHeads heads, CancellationToken cancellation)
    {
        for (var (offset, end) = (piece.Share.Offset, piece.Share.Offset + piece.Share.Length); offset < end;)
        {
            var run = new MediaRun(piece.Volume, rendition, offset, 0, 0);
            if (await heads.Of(run, end, cancellation) is not { } head)
            {
                return false;
            }

            runs.Add(run with { Offset = offset + head.Length, Start = movie.MediaLength, Length = head.Media });
            movie.AddChunk(track, head.Dts, head.Samples);
            offset += head.Length + head.Media;
        }

        return true;
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
                ? await source.Read(JournalKind.Recordings, _name, run.File, run.Offset + into, bytes.Slice(read, want), cancellation)
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
