using System.Buffers;
using System.IO.Pipelines;

namespace Tributary.Media.Packaging.Vod;

/// <summary>The pieces that a segment consists of, in their order: read once, from the first on.</summary>
abstract class SegmentPieces
{
    /// <summary>Bytes of the next piece; 0 behind the last.</summary>
    internal abstract int Next { get; }

    /// <summary>Writes the next piece, or leaves it out where there is no output, and goes on to the one after it.</summary>
    internal abstract void Take(IBufferWriter<byte>? output);
}

/// <summary>
/// A segment that is put together while it is sent, from frames that are in memory: nothing is held twice, and what was just written is still in the
/// processor's cache when it is handed to the connection.
/// </summary>
sealed class SegmentBody(long length, FrameBytes frames, Func<SegmentPieces> begin) : PackagedBody
{
    // As much as the connection takes before it asks to wait.
    const int Chunk = 64 * 1024;

    public override long Length => length;

    public override async ValueTask WriteAsync(PipeWriter output, long from, long count, CancellationToken cancellation)
    {
        var (pieces, at, end) = (begin(), 0L, from + count);
        while (at < end && pieces.Next is > 0 and var next)
        {
            if (at + next <= from)
            {
                pieces.Take(null);
                at += next;
            }
            else if (at < from || at + next > end)
            {
                at += await WritePart(output, pieces, from - at, end - at, cancellation);
            }
            else
            {
                at += WriteChunk(output, pieces, end - at);
                if ((await output.FlushAsync(cancellation)).IsCompleted)
                {
                    return;
                }
            }
        }
    }

    public override ValueTask DisposeAsync()
    {
        frames.Dispose();
        return base.DisposeAsync();
    }

    // Whole pieces, as many as fit.
    static int WriteChunk(PipeWriter output, SegmentPieces pieces, long left)
    {
        var chunk = new ChunkWriter(output.GetMemory(Math.Max(Chunk, pieces.Next)));
        while (pieces.Next is > 0 and var next && next <= chunk.Room && chunk.Written + next <= left)
        {
            pieces.Take(chunk);
        }

        output.Advance(chunk.Written);
        return chunk.Written;
    }

    // A piece of which a range takes only a part.
    static async ValueTask<int> WritePart(PipeWriter output, SegmentPieces pieces, long from, long end, CancellationToken cancellation)
    {
        var size = pieces.Next;
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            pieces.Take(new ChunkWriter(buffer));
            await output.WriteAsync(buffer.AsMemory((int)Math.Max(0, from)..(int)Math.Min(size, end)), cancellation);
            return size;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Memory that is written from its beginning on.</summary>
    sealed class ChunkWriter(Memory<byte> memory) : IBufferWriter<byte>
    {
        internal int Written { get; private set; }

        internal int Room => memory.Length - Written;

        public void Advance(int count) => Written += count;

        public Memory<byte> GetMemory(int sizeHint = 0) => memory[Written..];

        public Span<byte> GetSpan(int sizeHint = 0) => memory.Span[Written..];
    }
}

/// <summary>A header, and behind it frames as they are.</summary>
sealed class FramePieces(ReadOnlyMemory<byte> header, IReadOnlyList<FrameRun> runs, FrameBytes frames) : SegmentPieces
{
    int _run = -1;
    int _frame;

    internal override int Next
    {
        get
        {
            if (_run < 0)
            {
                return header.Length;
            }

            while (_run < runs.Count && (_frame == runs[_run].Count || Current.Size == 0))
            {
                (_run, _frame) = _frame == runs[_run].Count ? (_run + 1, 0) : (_run, _frame + 1);
            }

            return _run < runs.Count ? Current.Size : 0;
        }
    }

    ref readonly Sets.SetFrame Current => ref runs[_run].Run.Frames[runs[_run].First + _frame];

    internal override void Take(IBufferWriter<byte>? output)
    {
        if (_run < 0)
        {
            output?.Write(header.Span);
            _run = 0;
            return;
        }

        output?.Write(frames.Of(runs[_run].Run, Current));
        _frame++;
    }
}

/// <summary>Frames of a run that stand together in a segment.</summary>
readonly record struct FrameRun(Sets.SegmentRun Run, int First, int Count);
