using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using Tributary.Media.Containers.Mp4;

namespace Tributary.Grains.Recordings;

/// <summary>What the header of a recorded part says.</summary>
/// <param name="Length">Bytes before its media.</param>
/// <param name="Media">Bytes of media.</param>
/// <param name="Dts">Decoding time of its first frame, in ticks of the track.</param>
public sealed record PartHead(int Length, long Media, long Dts, List<MovieSample> Samples);

/// <summary>
/// The headers of a recording's parts, read from its journals once: a part never changes, so of a recording that grows only what is new is read.
/// </summary>
public sealed class PartHeads(string name, Func<MediaRun, IJournalSource?> source)
{
    // Headers of parts are a few hundred bytes; what a larger one lacks is read in a second step.
    const int Guess = 4_096, Longest = 1 << 20;

    readonly ConcurrentDictionary<(string Volume, string Rendition, long Offset), PartHead> _known = [];
    long _bytes;

    public string Name => name;

    public Func<MediaRun, IJournalSource?> Source => source;

    public int Count => _known.Count;

    public long MemoryBytes => Interlocked.Read(ref _bytes);

    /// <summary>The header of the part at the run's offset; null where it cannot be read, or goes on behind <paramref name="end"/>.</summary>
    public async Task<PartHead?> Of(MediaRun run, long end, CancellationToken cancellation)
    {
        var key = (run.Volume.Name, run.Rendition, run.Offset);
        if (_known.TryGetValue(key, out var known))
        {
            return known;
        }

        if (source(run) is not { } node || await Read(node, run, cancellation) is not { } head || head.Length + head.Media > end - run.Offset)
        {
            return null;
        }

        if (_known.TryAdd(key, head))
        {
            Interlocked.Add(ref _bytes, 160 + 24L * head.Samples.Count);
        }

        return head;
    }

    async Task<PartHead?> Read(IJournalSource node, MediaRun run, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Guess);
        try
        {
            var got = await node.Read(JournalKind.Recordings, name, run.File, run.Offset, buffer, cancellation);
            var need = HeaderLength(buffer.AsSpan(0, got));
            if (need > got && need <= Longest)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent(need);
                got = await node.Read(JournalKind.Recordings, name, run.File, run.Offset, buffer, cancellation);
            }

            return TryRead(buffer.AsSpan(0, got), out var head) ? head : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Of moof and the header of mdat, as the size of the moof says.
    static int HeaderLength(ReadOnlySpan<byte> bytes) =>
        bytes.Length < 8 ? 0 : (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(bytes) + 16u, int.MaxValue);

    static bool TryRead(ReadOnlySpan<byte> bytes, out PartHead? head)
    {
        head = null;
        var samples = new List<MovieSample>(64);
        var moof = bytes.Length < 8 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (moof < 8 || moof + 16 > bytes.Length || !bytes[4..8].SequenceEqual("moof"u8) || !bytes.Slice((int)moof + 4, 4).SequenceEqual("mdat"u8)
            || !MovieFragment.TryRead(bytes[8..(int)moof], samples, out var dts))
        {
            return false;
        }

        long size = BinaryPrimitives.ReadUInt32BigEndian(bytes[(int)moof..]);
        var isLarge = size == 1;
        size = isLarge ? BinaryPrimitives.ReadInt64BigEndian(bytes[((int)moof + 8)..]) : size;
        var length = (int)moof + (isLarge ? 16 : 8);
        var media = size - (isLarge ? 16 : 8);
        var sum = 0L;
        foreach (var sample in samples)
        {
            sum += sample.Size;
        }

        head = new PartHead(length, media, dts, samples);
        return samples.Count > 0 && media == sum;
    }
}
