namespace Tributary.Media.Containers.Matroska;

/// <summary>The frames of one track as blocks gave them: in decoding order, with the time at which each is presented.</summary>
sealed class TrackBlocks(int maxFrames)
{
    public List<BlockFrame> Frames { get; } = [];

    /// <summary>How long the last frame is, in nanoseconds; 0 where no block said.</summary>
    public long LastDuration { get; private set; }

    /// <summary>False where there are too many.</summary>
    public bool TryAdd(in BlockFrame frame, long duration)
    {
        if (Frames.Count >= maxFrames)
        {
            return false;
        }

        Frames.Add(frame);
        LastDuration = duration;
        return true;
    }
}

/// <summary>A frame of a block.</summary>
/// <param name="Time">When it is presented, in nanoseconds; laced frames after the first have none of their own.</param>
/// <param name="IsLaced">Whether it follows another frame in its block.</param>
readonly record struct BlockFrame(long Time, long Offset, int Size, bool IsKey, bool IsLaced);
