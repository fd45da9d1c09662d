using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// How long after its decoding each frame is presented: ctts (ISO/IEC 14496-12 §8.6.1.3), in runs. Offsets are read as signed in both versions: writers
/// put negative ones into version 0 as well. Frames behind the last run have none.
/// </summary>
sealed class CompositionOffsets
{
    const int Row = 8;

    readonly int[] _firstFrame;
    readonly int[] _offsets;

    CompositionOffsets(int[] firstFrame, int[] offsets) => (_firstFrame, _offsets) = (firstFrame, offsets);

    public long MemoryBytes => 8L * _firstFrame.Length;

    public static bool TryRead(ReadOnlyMemory<byte> box, [NotNullWhen(true)] out CompositionOffsets? compositions)
    {
        compositions = null;
        if (!BigEndianTable.TryRead(box, 4, Row, out var table) || table.Count == 0)
        {
            return false;
        }

        var (firstFrame, offsets) = (new int[table.Count + 1], new int[table.Count + 1]);   // the last offset, 0, is for frames that have none
        var rows = table.Rows;
        var frames = 0L;
        for (var i = 0; i < table.Count; i++)
        {
            var row = rows.Slice(i * Row, Row);
            frames += BinaryPrimitives.ReadUInt32BigEndian(row);
            if (frames > int.MaxValue)
            {
                return false;
            }

            firstFrame[i + 1] = (int)frames;
            offsets[i] = BinaryPrimitives.ReadInt32BigEndian(row[4..]);
        }

        compositions = new CompositionOffsets(firstFrame, offsets);
        return true;
    }

    /// <summary>Number of the run that has the frame; one more than there are for frames behind the last.</summary>
    public int RunOf(int frame) => frame >= _firstFrame[^1] ? _offsets.Length - 1 : RunSearch.Find(_firstFrame, frame);

    /// <summary>The frame behind a run's last.</summary>
    public int EndOf(int run) => run + 1 < _firstFrame.Length ? _firstFrame[run + 1] : int.MaxValue;

    public int OffsetIn(int run) => _offsets[run];
}
