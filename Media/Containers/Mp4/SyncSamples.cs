using System.Diagnostics.CodeAnalysis;

namespace Tributary.Media.Containers.Mp4;

/// <summary>Which frames are key frames: stss (ISO/IEC 14496-12 §8.6.2), sorted even where the file's are not.</summary>
sealed class SyncSamples
{
    readonly int[] _frames;

    SyncSamples(int[] frames) => _frames = frames;

    public long MemoryBytes => 4L * _frames.Length;

    public static bool TryRead(ReadOnlyMemory<byte> box, [NotNullWhen(true)] out SyncSamples? sync)
    {
        sync = null;
        if (!BigEndianTable.TryRead(box, 4, 4, out var table))
        {
            return false;
        }

        var (frames, isSorted) = (new int[table.Count], true);
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = (int)Math.Min(table.U32(i), int.MaxValue) - 1;   // 0 is nobody's number: -1 is never found
            isSorted &= i == 0 || frames[i] > frames[i - 1];
        }

        if (!isSorted)
        {
            Array.Sort(frames);
        }

        sync = new SyncSamples(frames);
        return true;
    }

    /// <summary>Place in the table of the first key frame that is not before the frame.</summary>
    public int Find(int frame)
    {
        var at = Array.BinarySearch(_frames, frame);
        while (at > 0 && _frames[at - 1] == frame)
        {
            at--;
        }

        return at < 0 ? ~at : at;
    }

    /// <summary>The key frame at a place of the table; <see cref="int.MaxValue"/> behind the last, -1 before the first.</summary>
    public int FrameAt(int place) => place < 0 ? -1 : place < _frames.Length ? _frames[place] : int.MaxValue;
}
