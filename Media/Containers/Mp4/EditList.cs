namespace Tributary.Media.Containers.Mp4;

/// <summary>The beginning of an edit list (ISO/IEC 14496-12 §8.6.6). Edits behind the first that shows something are not followed.</summary>
/// <param name="Empty">How long nothing is shown, in ticks of the movie until it is converted.</param>
/// <param name="MediaTime">Where the media then begins, in ticks of the track.</param>
readonly record struct EditList(long Empty, long MediaTime)
{
    /// <summary>The same with <see cref="Empty"/> in ticks of the track.</summary>
    public EditList In(int movieTimescale, int timescale) => this with { Empty = Frames.MediaTime.Rescale(Empty, movieTimescale, timescale) };

    public static bool TryRead(ReadOnlyMemory<byte> box, out EditList edits)
    {
        edits = default;
        var isLong = !box.IsEmpty && box.Span[0] == 1;
        if (!BigEndianTable.TryRead(box, 4, isLong ? 20 : 12, out var table))
        {
            return false;
        }

        var empty = 0L;
        for (var i = 0; i < table.Count; i++)
        {
            var duration = isLong ? (long)(table.U64(i) & long.MaxValue) : table.U32(i);
            var mediaTime = isLong ? (long)table.U32(i, 8) << 32 | table.U32(i, 12) : (int)table.U32(i, 4);
            if (mediaTime >= 0)
            {
                edits = new EditList(empty, Math.Min(mediaTime, long.MaxValue / 4));
                return true;
            }

            empty = Math.Min(empty + Math.Min(duration, long.MaxValue / 4), long.MaxValue / 4);
        }

        edits = new EditList(empty, 0);
        return true;
    }
}
