using System.Buffers.Binary;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// Finds all fragments of a file by hopping from moof to moof (ISO/IEC 14496-12 §8.8). A file that breaks off ends at its last whole frame, as a
/// recording that was not ended does.
/// </summary>
sealed class FragmentReader(FileBoxes boxes, Mp4ReadOptions options, IReadOnlyDictionary<uint, TrackFragments> tracks)
{
    const int SmallestReadAhead = 4 << 10;
    const int LargestReadAhead = 64 << 10;

    long _bytes;

    /// <summary>What was beyond a limit: one sentence, empty where nothing was.</summary>
    public string Refusal { get; private set; } = "";

    /// <summary>Gathers frames from <paramref name="at"/> to the end, or to another movie, whose frames would need another configuration.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public async ValueTask ReadAsync(long at, CancellationToken cancellation)
    {
        boxes.File.ReadAhead(SmallestReadAhead);
        while (Refusal.Length == 0 && await boxes.ReadHeaderAsync(at, boxes.File.Length, cancellation) is { } box && box.Type != BoxType.Moov)
        {
            if (box.Type == BoxType.Moof && !await ReadFragmentAsync(box, cancellation))
            {
                return;
            }

            at = Math.Min(box.End, boxes.File.Length);
        }
    }

    async ValueTask<bool> ReadFragmentAsync(FileBox moof, CancellationToken cancellation)
    {
        _bytes += moof.PayloadLength;
        if (_bytes > options.MaxMovieBytes)
        {
            Refusal = $"The moof boxes are longer than {options.MaxMovieBytes} bytes together.";
            return false;
        }

        if (!moof.Fits || await boxes.ReadPayloadAsync(moof, options.MaxMovieBytes, cancellation) is not { } payload)
        {
            return false;
        }

        boxes.File.ReadAhead((int)Math.Clamp(2 * moof.PayloadLength, SmallestReadAhead, LargestReadAhead));
        return TryAdd(payload, moof.Start);
    }

    bool TryAdd(ReadOnlySpan<byte> payload, long moofStart)
    {
        var fragments = new BoxReader(payload);
        var dataEnd = moofStart;
        while (fragments.MoveNext())
        {
            if (!fragments.Is("traf"u8))
            {
                continue;
            }

            if (!BoxReader.TryFind(fragments.Payload, "tfhd"u8, out var tfhd) || tfhd.Length < 8)
            {
                return false;
            }

            if (!tracks.TryGetValue(BinaryPrimitives.ReadUInt32BigEndian(tfhd[4..]), out var track))
            {
                continue;
            }

            if (!track.TryAdd(fragments.Payload, tfhd, moofStart, ref dataEnd))
            {
                Refusal = track.IsFull ? $"A track has more than {options.MaxFragmentedFrames} frames." : "";
                return false;
            }
        }

        return !fragments.Malformed;
    }
}
