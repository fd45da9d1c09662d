using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Tributary.EndToEnd.Vod;

/// <summary>Writes files that lie: each is a good one with one thing wrong, or a bomb that is small on disk and wants to be large in memory.</summary>
sealed class DamagedMedia(string folder)
{
    const int Cuts = 24;

    static readonly string[] Containers = ["moov", "trak", "mdia", "minf", "stbl", "mvex", "edts", "dinf", "moof", "traf"];

    /// <summary>Boxes that begin with a count behind version and flags; the sizes of samples have it four bytes later.</summary>
    static readonly string[] Tables = ["stts", "ctts", "stss", "stsc", "stsz", "stco", "stsd", "elst", "dref", "trun"];

    static readonly uint[] WrongSizes = [0, 4, 7, 0x7FFFFFFF, 0xFFFFFFFF], WrongCounts = [0, 50_000_000, 0x7FFFFFFF, 0xFFFFFFFF];

    readonly List<string> _names = [];

    /// <summary>The names of all files that were written.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>A file cut off at many places.</summary>
    public void Cut(byte[] whole, string name)
    {
        for (var cut = 0; cut < Cuts; cut++)
        {
            Write($"cut-{cut}-{name}", whole[..(int)((long)whole.Length * cut / Cuts)]);
        }
    }

    /// <summary>Boxes whose size is wrong, tables whose count or first entry is, one in each file (ISO/IEC 14496-12).</summary>
    public void Lie(byte[] whole, string name)
    {
        foreach (var (at, type) in Boxes(whole, 0, whole.Length).ToList())
        {
            foreach (var size in WrongSizes)
            {
                Patch(whole, at, size, $"size-{name}");
            }

            if (Tables.Contains(type))
            {
                var count = at + (type == "stsz" ? 16 : 12);
                foreach (var wrong in WrongCounts)
                {
                    Patch(whole, count, wrong, $"count-{type}-{name}");
                }

                Patch(whole, count + 4, 0, $"entry-{type}-{name}");
                Patch(whole, count + 4, 0xFFFFFFF0, $"entry-{type}-{name}");
                Patch(whole, count + 8, 0x7FFFFFFF, $"entry-{type}-{name}");
            }
            else if (type == "mdhd")
            {
                Patch(whole, at + 20, 0, $"clock-{name}");
                Patch(whole, at + 24, 0xFFFFFFFF, $"clock-{name}");
            }
        }
    }

    /// <summary>Bytes of the head of a Matroska file made as large as a size can be (RFC 8794 §4).</summary>
    public void LieInElements(byte[] whole, string name)
    {
        for (var at = 0; at < Math.Min(whole.Length - 8, 480); at += 3)
        {
            var copy = (byte[])whole.Clone();
            BinaryPrimitives.WriteUInt64BigEndian(copy.AsSpan(at), 0x01FFFFFFFFFFFFFE);
            Write($"element-{at}-{name}", copy);
        }
    }

    /// <summary>A gigabyte that is not there, a million boxes of nothing, boxes in boxes in boxes, tables of frames without an end.</summary>
    public void Bombs(byte[] whole)
    {
        var type = whole[..BinaryPrimitives.ReadInt32BigEndian(whole)];
        Write("empty-movie.mp4", [.. type, .. Box("moov", [])]);
        Sparse("gigabyte.mp4", [.. type, .. Head(1 << 30, "moov")], (1L << 30) + 1_000);
        Sparse("gigabyte-of-space.mp4", [.. type, .. Head(1 << 30, "moov"), .. Head((1 << 30) - 8, "free")], (1L << 30) + 1_000);
        Sparse("below-the-limit.mp4", [.. type, .. Head(100 << 20, "moov"), .. Head((100 << 20) - 8, "free")], (100L << 20) + 1_000);
        byte[] track = [.. Head(100 << 20, "moov"), .. Head((100 << 20) - 8, "trak"), .. Head((100 << 20) - 16, "mdia")];
        Sparse("one-track.mp4", [.. type, .. track], (100L << 20) + 1_000);
        Write("tiny-boxes.mp4", [.. type, .. Million("free")]);
        Write("tiny-boxes-within.mp4", [.. type, .. Box("moov", Million("free"))]);
        Write("tiny-tracks.mp4", [.. type, .. Box("moov", Million("trak"))]);
        Write("tiny-fragments.mp4", [.. whole, .. Million("moof")]);
        Write("deep.mp4", [.. type, .. Enumerable.Range(0, 100_000).SelectMany(level => Head((100_000 - level) * 8, level % 2 == 0 ? "moov" : "trak"))]);
        Write("head-that-comes-again.mp4", [.. type, .. Enumerable.Repeat(whole[type.Length..20_000], 40).SelectMany(head => head)]);
        // Segment, SeekHead, Seek: the way to the way to itself (RFC 9559 §5.1.1).
        Write("round-and-round.webm", Convert.FromHexString(
            "1A45DFA3A34286810142F7810142F2810442F381084282847765626D428781044285810218538067" + "01FFFFFFFFFFFFFF114D9B7492"
            + "4DBB8F53AB84114D9B7453AC880000000000000000"));
    }

    static IEnumerable<(int At, string Type)> Boxes(byte[] bytes, int from, int end)
    {
        for (var at = from; at + 8 <= end;)
        {
            var (size, type) = (BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at)), Encoding.Latin1.GetString(bytes, at + 4, 4));
            yield return (at, type);
            foreach (var inner in Containers.Contains(type) ? Boxes(bytes, at + 8, at + size) : [])
            {
                yield return inner;
            }

            at += size;
        }
    }

    void Patch(byte[] whole, int at, uint value, string name)
    {
        if (at + 4 > whole.Length)
        {
            return;
        }

        var copy = (byte[])whole.Clone();
        BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(at), value);
        Write(string.Create(CultureInfo.InvariantCulture, $"{at}-{value:x}-{name}"), copy);
    }

    static byte[] Head(int size, string type)
    {
        var head = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(head, size);
        Encoding.Latin1.GetBytes(type, head.AsSpan(4));
        return head;
    }

    static byte[] Million(string type) => [.. Enumerable.Repeat(Head(8, type), 1_000_000).SelectMany(box => box)];

    static byte[] Box(string type, byte[] content) => [.. Head(content.Length + 8, type), .. content];

    void Write(string name, byte[] bytes)
    {
        _names.Add(name);
        File.WriteAllBytes(Path.Combine(folder, name), bytes);
    }

    // The rest is zeros that take no room on the disk.
    void Sparse(string name, byte[] head, long length)
    {
        Write(name, head);
        using var file = File.OpenWrite(Path.Combine(folder, name));
        file.SetLength(length);
    }
}
