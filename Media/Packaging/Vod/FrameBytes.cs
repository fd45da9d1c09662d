using System.Buffers;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod;

/// <summary>
/// The bytes of a segment's frames, read while they are written: a few windows of the sources, so small that what was read is still in the processor's cache
/// when it is copied on. In interleaved files one window has the frames of all tracks.
/// </summary>
sealed class FrameBytes : IDisposable
{
    const int WindowSize = 128 << 10;
    const int LeastReadAhead = 64 << 10;
    const int Windows = 4;

    readonly List<Extent> _extents = new(1);
    readonly Window[] _windows = new Window[Windows];
    int _latest;
    int _reads;

    /// <summary>The bytes of all tracks' frames, none read yet; null where a source ends before a frame does.</summary>
    internal static FrameBytes? Of(IReadOnlyList<SegmentTrack> tracks)
    {
        var bytes = new FrameBytes();
        return tracks.All(track => Array.TrueForAll(track.Runs, bytes.TryAdd)) ? bytes : null;
    }

    /// <summary>Brings a frame into memory, where it stays until so many others were read that its window is needed.</summary>
    /// <param name="run">The frames that it is among.</param>
    /// <param name="number">Its number among them.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="IOException">The source cannot be read (any more).</exception>
    /// <returns>False where it cannot be decrypted.</returns>
    internal ValueTask<bool> LoadAsync(SegmentRun run, int number, CancellationToken cancellation)
    {
        ref readonly var frame = ref run.Frames[number];
        return frame.Size == 0 || Find(KeyOf(run), frame.Offset, frame.Size) >= 0 ? new(true)
            : run.Track.Decryptor is { } decryptor ? DecryptAsync(run, number, decryptor, cancellation)
            : ReadAsync(run, frame.Offset, frame.Size, cancellation);
    }

    /// <summary>The bytes of a frame that was just loaded.</summary>
    internal ReadOnlySpan<byte> Of(SegmentRun run, int number)
    {
        ref readonly var frame = ref run.Frames[number];
        if (frame.Size == 0)
        {
            return default;
        }

        ref readonly var window = ref _windows[Find(KeyOf(run), frame.Offset, frame.Size)];
        return window.Buffer.AsSpan((int)(frame.Offset - window.Offset), frame.Size);
    }

    public void Dispose()
    {
        for (var i = 0; i < Windows; i++)
        {
            Return(ref _windows[i]);
        }
    }

    bool TryAdd(SegmentRun run)
    {
        var (source, start, end) = (run.Track.Bytes, long.MaxValue, 0L);
        foreach (ref readonly var frame in run.Frames.AsSpan())
        {
            if (frame.Size > 0 && (frame.Offset < 0 || frame.Offset > source.Length - frame.Size))
            {
                return false;
            }

            (start, end) = frame.Size > 0 ? (Math.Min(start, frame.Offset), Math.Max(end, frame.Offset + frame.Size)) : (start, end);
        }

        var known = _extents.FindIndex(extent => extent.Source == source);
        var before = known < 0 ? new Extent(source, long.MaxValue, 0, 0) : _extents[known];
        var all = new Extent(source, Math.Min(start, before.Start), Math.Max(end, before.End), run.Bytes + before.Bytes);
        if (known < 0)
        {
            _extents.Add(all);
        }
        else
        {
            _extents[known] = all;
        }

        return true;
    }

    // What was decrypted is found by its decryptor: its bytes are others than the source has.
    static object KeyOf(SegmentRun run) => (object?)run.Track.Decryptor ?? run.Track.Bytes;

    int Find(object key, long offset, int size)
    {
        if (_windows[_latest].Has(key, offset, size))
        {
            return _latest;
        }

        for (var i = 0; i < Windows; i++)
        {
            if (_windows[i].Has(key, offset, size))
            {
                return _latest = i;
            }
        }

        return -1;
    }

    async ValueTask<bool> ReadAsync(SegmentRun run, long offset, int size, CancellationToken cancellation)
    {
        var source = run.Track.Bytes;
        var extent = ExtentOf(source);
        var ahead = Math.Max(Math.Max(ReadAheadOf(run), extent.ReadAhead), source.ReadAhead);
        var length = (int)Math.Min(Math.Max(size, ahead), extent.End - offset);
        await ReadAsync(source, source, offset, length, cancellation);
        return true;
    }

    // A window of its own, as it is decrypted where it lies.
    async ValueTask<bool> DecryptAsync(SegmentRun run, int number, FrameDecryptor decryptor, CancellationToken cancellation)
    {
        var frame = run.Frames[number];
        await ReadAsync(decryptor, run.Track.Bytes, frame.Offset, frame.Size, cancellation);
        return decryptor.TryDecrypt(run.Number + number, _windows[_latest].Buffer.AsSpan(0, frame.Size));
    }

    async ValueTask ReadAsync(object key, IByteSource source, long offset, int length, CancellationToken cancellation)
    {
        var place = Oldest();
        var buffer = Room(ref _windows[place], length);
        if (await source.ReadAsync(offset, buffer.AsMemory(0, length), cancellation) != length)
        {
            throw new IOException("the source became shorter while it was read");
        }

        _windows[place] = new Window { Key = key, Offset = offset, Buffer = buffer, Length = length, Read = ++_reads };
        _latest = place;
    }

    int Oldest()
    {
        var oldest = 0;
        for (var i = 1; i < Windows; i++)
        {
            oldest = _windows[i].Read < _windows[oldest].Read ? i : oldest;
        }

        return oldest;
    }

    static byte[] Room(ref Window window, int length)
    {
        if (window.Buffer is { } buffer && buffer.Length >= length)
        {
            window.Length = 0;
            return buffer;
        }

        Return(ref window);
        var rented = ArrayPool<byte>.Shared.Rent(length);
        window = new Window { Buffer = rented };
        return rented;
    }

    static void Return(ref Window window)
    {
        if (window.Buffer is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            window = default;
        }
    }

    // Of frames that lie far apart, as those of sound do between pictures that are not wanted, little more is read than they are.
    static int ReadAheadOf(SegmentRun run)
    {
        var (start, end) = (run.Frames[0].Offset, run.Frames[^1].Offset + run.Frames[^1].Size);
        return ReadAheadOf(run.Bytes, start, end);
    }

    static int ReadAheadOf(long bytes, long start, long end) =>
        end <= start ? WindowSize : (int)Math.Clamp(bytes * WindowSize / (end - start), LeastReadAhead, WindowSize);

    Extent ExtentOf(IByteSource source)
    {
        foreach (var extent in _extents)
        {
            if (extent.Source == source)
            {
                return extent;
            }
        }

        return default;
    }

    /// <summary>Where a source has what the segment takes of it, and how much that is.</summary>
    readonly record struct Extent(IByteSource Source, long Start, long End, long Bytes)
    {
        internal int ReadAhead => ReadAheadOf(Bytes, Start, End);
    }

    struct Window
    {
        internal object? Key;
        internal byte[]? Buffer;
        internal long Offset;
        internal int Length;
        internal int Read;

        internal readonly bool Has(object key, long offset, int size) =>
            Key == key && offset >= Offset && offset + size <= Offset + Length;
    }
}
