using System.Buffers;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod;

/// <summary>
/// The bytes of a segment's frames, read from their sources in as few reads as their places allow: frames of interleaved files lie close together, so gaps
/// between them are read along.
/// </summary>
sealed class FrameBytes : IDisposable
{
    const int MaxGap = 64 << 10;
    const int MaxRead = 8 << 20;

    readonly List<(IByteSource Source, long Offset, byte[] Buffer, int Length)> _extents = [];

    /// <summary>Reads the frames of all tracks. False where a source ends before a frame does.</summary>
    /// <exception cref="IOException">A source cannot be read.</exception>
    internal static async ValueTask<FrameBytes?> ReadAsync(IReadOnlyList<SegmentTrack> tracks, CancellationToken cancellation)
    {
        var bytes = new FrameBytes();
        try
        {
            foreach (var source in tracks.SelectMany(track => track.Runs).GroupBy(run => run.Track.Bytes))
            {
                foreach (var (offset, length) in Extents([.. source]))
                {
                    var buffer = ArrayPool<byte>.Shared.Rent(length);
                    bytes._extents.Add((source.Key, offset, buffer, length));
                    if (await source.Key.ReadAsync(offset, buffer.AsMemory(0, length), cancellation) != length)
                    {
                        bytes.Dispose();
                        return null;
                    }
                }
            }

            return bytes;
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>The bytes of a frame; may be written to, once.</summary>
    internal Span<byte> Of(SegmentRun run, in SetFrame frame)
    {
        foreach (var (source, offset, buffer, length) in _extents)
        {
            if (source == run.Track.Bytes && frame.Offset >= offset && frame.Offset + frame.Size <= offset + length)
            {
                return buffer.AsSpan((int)(frame.Offset - offset), frame.Size);
            }
        }

        return default;
    }

    public void Dispose()
    {
        foreach (var (_, _, buffer, _) in _extents)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _extents.Clear();
    }

    static IEnumerable<(long Offset, int Length)> Extents(SegmentRun[] runs)
    {
        var places = Places(runs);
        for (var i = 0; i < places.Length;)
        {
            var (start, end) = (places[i].Offset, places[i].Offset + places[i].Size);
            for (i++; i < places.Length && places[i].Offset <= end + MaxGap && places[i].Offset + places[i].Size - start <= MaxRead; i++)
            {
                end = Math.Max(end, places[i].Offset + places[i].Size);
            }

            yield return (start, (int)(end - start));
        }
    }

    // By their offsets: frames that touch are one place, as most do.
    static Place[] Places(SegmentRun[] runs)
    {
        var places = new List<Place>(256);
        foreach (var run in runs)
        {
            foreach (ref readonly var frame in run.Frames.AsSpan())
            {
                if (places.Count > 0 && places[^1] is var last && last.Offset + last.Size == frame.Offset && last.Size <= MaxRead / 2 - frame.Size)
                {
                    places[^1] = new(last.Offset, last.Size + frame.Size);
                }
                else if (frame.Size > 0)
                {
                    places.Add(new(frame.Offset, frame.Size));
                }
            }
        }

        Place[] sorted = [.. places];
        Array.Sort(sorted);
        return sorted;
    }

    readonly record struct Place(long Offset, int Size) : IComparable<Place>
    {
        public int CompareTo(Place other) => Offset.CompareTo(other.Offset);
    }
}
