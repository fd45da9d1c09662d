using System.Buffers;
using System.IO.Pipelines;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod;

/// <summary>The pieces that a segment consists of, in their order: read once, from the first on.</summary>
abstract class SegmentPieces
{
    /// <summary>Bytes of the next piece; 0 behind the last.</summary>
    internal abstract int Next { get; }

    /// <summary>Brings what the next piece is made of into memory. False where it is damaged.</summary>
    /// <exception cref="IOException">The media's source cannot be read (any more).</exception>
    internal abstract ValueTask<bool> TryLoadAsync(CancellationToken cancellation);

    /// <summary>Writes the next piece, which was loaded, or leaves it out where there is no output, and goes on to the one after it.</summary>
    internal abstract void Take(IBufferWriter<byte>? output);
}

/// <summary>
/// A segment that is read and put together while it is sent: no more of it is in memory than a few windows of its source, and what was just written is still
/// in the processor's cache when it is handed to the connection.
/// </summary>
sealed class SegmentBody(long length, FrameBytes frames, Func<SegmentPieces> begin) : PackagedBody
{
    // What one call hands to the connection.
    const int Chunk = 64 << 10;

    // So much is looked at before the first byte is sent: damage in it is an answer of its own, behind it the connection ends.
    const int LookedAtFirst = 256 << 10;

    MediaSet? _set;

    public override long Length => length;

    /// <summary>The answer that a body is, or why it is none.</summary>
    /// <exception cref="IOException">The media's source cannot be read.</exception>
    internal static async ValueTask<PackagedAnswer> AnswerAsync(SegmentBody body, CancellationToken cancellation)
    {
        var isWhole = false;
        try
        {
            isWhole = await body.TryBeginAsync(cancellation);
        }
        finally
        {
            if (!isWhole)
            {
                await body.DisposeAsync();
            }
        }

        return isWhole ? PackagedAnswer.Of(body) : PackagedAnswer.Failed(MediaFailure.BadData, "a frame cannot be decrypted, or a picture's NAL units do not add up");
    }

    /// <summary>Keeps the set's sources open until the segment was sent.</summary>
    internal void Own(MediaSet set) => _set = set;

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
                at += await WriteChunk(output, pieces, end - at, cancellation);
                if ((await output.FlushAsync(cancellation)).IsCompleted)
                {
                    return;
                }
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        frames.Dispose();
        if (_set is not null)
        {
            await _set.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    async ValueTask<bool> TryBeginAsync(CancellationToken cancellation)
    {
        var pieces = begin();
        for (var looked = 0; looked < LookedAtFirst && pieces.Next is > 0 and var next; looked += next)
        {
            if (!await pieces.TryLoadAsync(cancellation))
            {
                return false;
            }

            pieces.Take(null);
        }

        return true;
    }

    // Whole pieces, as many as fit.
    static async ValueTask<int> WriteChunk(PipeWriter output, SegmentPieces pieces, long left, CancellationToken cancellation)
    {
        var chunk = new ChunkWriter(output.GetMemory(Math.Max(Chunk, pieces.Next)));
        while (pieces.Next is > 0 and var next && next <= chunk.Room && chunk.Written + next <= left)
        {
            if (!await pieces.TryLoadAsync(cancellation))
            {
                throw Damaged();
            }

            pieces.Take(chunk);
        }

        output.Advance(chunk.Written);
        return chunk.Written;
    }

    // A piece of which a range takes only a part.
    static async ValueTask<int> WritePart(PipeWriter output, SegmentPieces pieces, long from, long end, CancellationToken cancellation)
    {
        var size = pieces.Next;
        if (!await pieces.TryLoadAsync(cancellation))
        {
            throw Damaged();
        }

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

    static IOException Damaged() => new("a frame cannot be decrypted, or a picture's NAL units do not add up");

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
sealed class FramePieces(ReadOnlyMemory<byte> header, FrameRun[] runs, FrameBytes frames) : SegmentPieces
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

            while (_run < runs.Length && (_frame == runs[_run].Count || Current.Size == 0))
            {
                (_run, _frame) = _frame == runs[_run].Count ? (_run + 1, 0) : (_run, _frame + 1);
            }

            return _run < runs.Length ? Current.Size : 0;
        }
    }

    int Number => runs[_run].First + _frame;

    ref readonly SetFrame Current => ref runs[_run].Run.Frames[Number];

    internal override ValueTask<bool> TryLoadAsync(CancellationToken cancellation) =>
        _run < 0 ? new(true) : frames.LoadAsync(runs[_run].Run, Number, cancellation);

    internal override void Take(IBufferWriter<byte>? output)
    {
        if (_run < 0)
        {
            output?.Write(header.Span);
            _run = 0;
            return;
        }

        output?.Write(frames.Of(runs[_run].Run, Number));
        _frame++;
    }
}

/// <summary>Frames of a run that stand together in a segment.</summary>
readonly record struct FrameRun(SegmentRun Run, int First, int Count);
