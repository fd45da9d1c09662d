using System.Buffers;

namespace Tributary.Protocols.Rtmp;

// The payload of a message, and the memory that it takes.
sealed partial class RtmpChunkReader
{
    bool TryTakePayload(ref ReadOnlySequence<byte> buffer)
    {
        var stream = _current!;
        var count = (int)Math.Min(_chunkLeft, buffer.Length);
        if (count > 0)
        {
            if (!TryHold(stream, stream.Received + count))
            {
                return false;
            }

            buffer.Slice(0, count).CopyTo(stream.Data.Writable[stream.Received..]);
            buffer = buffer.Slice(count);
            stream.Received += count;
            _chunkLeft -= count;
        }

        return true;
    }

    /// <summary>
    /// Memory for the first <paramref name="bytes"/> of a message: all of it at once where a slab holds it or where this peer has sent one
    /// as long before, else twice what it had. So a header that lies costs a slab at most.
    /// </summary>
    bool TryHold(RtmpChunkStream stream, int bytes)
    {
        var held = stream.Data.Length;
        if (held >= bytes)
        {
            return true;
        }

        var wanted = Math.Min(stream.Length, Math.Max(bytes, Math.Max(_proven, 2 * held)));
        if (_pending - held + wanted > MaxPendingBytes)
        {
            Fail(RtmpEnd.TooManyPendingBytes);
            return false;
        }

        var data = Arena.Allocate(wanted);
        stream.Data.Span[..stream.Received].CopyTo(data.Writable);
        stream.Data.Release();
        stream.Data = data;
        _pending += wanted - held;
        return true;
    }

    RtmpRawMessage Finish(RtmpChunkStream stream)
    {
        var message = new RtmpRawMessage(stream.Type, stream.StreamId, stream.Timestamp, stream.Data);
        _proven = Math.Max(_proven, stream.Length);
        Forget(stream);
        return message;
    }

    void Drop(RtmpChunkStream stream)
    {
        stream.Data.Release();
        Forget(stream);
        if (_current == stream)
        {
            _current = null;
        }
    }

    void Forget(RtmpChunkStream stream)
    {
        _pending -= stream.Data.Length;
        stream.Data = default;
        stream.Received = 0;
        stream.InMessage = false;
    }
}
