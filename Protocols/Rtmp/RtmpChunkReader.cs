using System.Buffers;
using Tributary.Media.Frames;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// Puts messages together from chunks (RTMP 1.0 §5.3). A payload is copied once, from the connection's buffer into frame memory, as it
/// arrives: a chunk need not be there whole, and no more memory is taken than bytes have come or a slab has.
/// <code>
///  +--------------+----------------+--------------------+--------------+
///  | Basic Header | Message Header | Extended Timestamp |  Chunk Data  |
///  |  1, 2 or 3   |  11, 7, 3 or 0 |       0 or 4       | ≤ chunk size |
///  +--------------+----------------+--------------------+--------------+
/// </code>
/// </summary>
sealed partial class RtmpChunkReader(FrameArena arena, RtmpLimits limits) : IDisposable
{
    const int LongestChunk = 0xFFFFFF;

    readonly Dictionary<int, RtmpChunkStream> _streams = [];
    RtmpChunkStream? _current;
    int _chunkLeft;
    int _chunkSize = 128;
    int _pending;
    int _proven = FramePool.DefaultSlabSize;

    enum Step
    {
        NeedMore,
        Done,
        Failed,
    }

    public RtmpEnd End { get; private set; }

    /// <summary>The most bytes that a message may announce from now on.</summary>
    public int MaxMessageBytes { get; set; } = limits.MaxMessageBytes;

    /// <summary>The most bytes that unfinished messages may hold from now on.</summary>
    public int MaxPendingBytes { get; set; } = limits.MaxPendingBytes;

    /// <summary>Where payloads that begin from now on are put together.</summary>
    public FrameArena Arena { get; set; } = arena;

    /// <summary>Memory held for unfinished messages, in bytes.</summary>
    public int PendingBytes => _pending;

    /// <summary>
    /// Obeys the peer's Set Chunk Size (§5.4.1): 1 to 2^31-1, of which more than a message's greatest length makes no difference.
    /// </summary>
    public bool TrySetChunkSize(uint size)
    {
        if (size is 0 or >= 0x80000000)
        {
            return false;
        }

        _chunkSize = (int)Math.Min(size, LongestChunk);
        return true;
    }

    /// <summary>Drops the unfinished message of a chunk stream (§5.4.2).</summary>
    public void Abort(uint chunkStreamId)
    {
        if (chunkStreamId <= int.MaxValue && _streams.TryGetValue((int)chunkStreamId, out var stream))
        {
            Drop(stream);
        }
    }

    /// <summary>The next whole message; false where more bytes are needed or <see cref="End"/> says why none will come.</summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, out RtmpRawMessage message)
    {
        message = default;
        while (End == RtmpEnd.None)
        {
            if (_current is null && ReadHeader(ref buffer) != Step.Done)
            {
                return false;
            }

            if (!TryTakePayload(ref buffer))
            {
                return false;
            }

            var stream = _current!;
            if (_chunkLeft > 0)
            {
                return false;
            }

            _current = null;
            if (stream.Received == stream.Length)
            {
                message = Finish(stream);
                return true;
            }
        }

        return false;
    }

    public void Dispose()
    {
        foreach (var stream in _streams.Values)
        {
            Drop(stream);
        }
    }

    Step Fail(RtmpEnd reason)
    {
        End = reason;
        return Step.Failed;
    }
}
