using System.Diagnostics.CodeAnalysis;

namespace Tributary.Media.Containers.Mp4;

/// <summary>
/// Where frames are: stsc, stco or co64, and the sizes (ISO/IEC 14496-12 §8.7). Chunks of equal numbers of frames are a run; runs are searched, chunks
/// looked up, and sizes within the chunk added.
/// </summary>
sealed class SamplePlaces
{
    const int StscRow = 12;

    readonly int[] _firstFrame;   // of each run of chunks, and the end
    readonly int[] _firstChunk;
    readonly int[] _framesPerChunk;
    readonly BigEndianTable _offsets;
    readonly bool _isLarge;
    readonly SampleSizes _sizes;

    SamplePlaces(int[] firstFrame, int[] firstChunk, int[] framesPerChunk, BigEndianTable offsets, bool isLarge, SampleSizes sizes)
    {
        (_firstFrame, _firstChunk, _framesPerChunk, _offsets, _isLarge, _sizes) = (firstFrame, firstChunk, framesPerChunk, offsets, isLarge, sizes);
        FrameCount = Math.Min(firstFrame[^1], sizes.Count);
    }

    /// <summary>Frames that have both a place and a size.</summary>
    public int FrameCount { get; }

    public long TotalBytes => _sizes.TotalBytes;

    public long MemoryBytes => 12L * _firstFrame.Length + (_isLarge ? 8L : 4L) * _offsets.Count + _sizes.MemoryBytes;

    /// <summary>False, with a sentence, where the tables are cut short or contradict themselves.</summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> stsc, ReadOnlyMemory<byte> offsetBox, bool isLarge, SampleSizes sizes,
        [NotNullWhen(true)] out SamplePlaces? places, out string damage)
    {
        places = null;
        if (!BigEndianTable.TryRead(offsetBox, 4, isLarge ? 8 : 4, out var offsets))
        {
            damage = "The table of chunk offsets is cut short.";
            return false;
        }

        if (!BigEndianTable.TryRead(stsc, 4, StscRow, out var runs) || (runs.Count == 0 && sizes.Count > 0))
        {
            damage = "The table of frames per chunk (stsc) is cut short or empty.";
            return false;
        }

        var (firstFrame, firstChunk, perChunk) = (new int[runs.Count + 1], new int[runs.Count + 1], new int[runs.Count]);
        firstChunk[runs.Count] = offsets.Count;
        for (var i = 0; i < runs.Count; i++)
        {
            var (first, frames) = (runs.U32(i), runs.U32(i, 4));
            var isNext = i == 0 ? first == 1 : first > (uint)firstChunk[i - 1] + 1;
            if (!isNext || frames is 0 or > int.MaxValue)
            {
                damage = "The table of frames per chunk (stsc) contradicts itself.";
                return false;
            }

            (firstChunk[i], perChunk[i]) = ((int)Math.Min(first - 1, (uint)offsets.Count + (uint)i), (int)frames);
        }

        for (var i = 0; i < runs.Count; i++)
        {
            var chunks = Math.Min(firstChunk[i + 1], offsets.Count) - Math.Min(firstChunk[i], offsets.Count);
            firstFrame[i + 1] = (int)Math.Min(int.MaxValue, firstFrame[i] + (long)chunks * perChunk[i]);
        }

        places = new SamplePlaces(firstFrame, firstChunk, perChunk, offsets, isLarge, sizes);
        damage = "";
        return true;
    }

    /// <summary>A place in the tables from which frames are read one after another; the frame exists.</summary>
    public Cursor At(int frame) => new(this, frame);

    long OffsetOf(int chunk)
    {
        var offset = _isLarge ? _offsets.U64(chunk) : _offsets.U32(chunk);
        return offset > long.MaxValue / 2 ? long.MaxValue / 2 : (long)offset;   // no file is that long: whoever reads there finds nothing
    }

    /// <summary>Walks frames in their order.</summary>
    public struct Cursor
    {
        readonly SamplePlaces _places;
        int _run;
        int _chunk;
        int _frame;
        int _chunkEnd;

        internal Cursor(SamplePlaces places, int frame)
        {
            (_places, _frame) = (places, frame);
            _run = RunSearch.Find(places._firstFrame, frame);
            var into = frame - places._firstFrame[_run];
            var frames = places._framesPerChunk[_run];
            _chunk = places._firstChunk[_run] + into / frames;
            var first = frame - into % frames;
            _chunkEnd = (int)Math.Min(int.MaxValue, (long)first + frames);
            Offset = places.OffsetOf(_chunk) + places._sizes.Sum(first, frame);
        }

        public long Offset { get; private set; }

        public readonly uint Size => _places._sizes.SizeOf(_frame);

        /// <summary>To the next frame; it exists.</summary>
        public void MoveNext()
        {
            Offset += Size;
            if (++_frame < _chunkEnd)
            {
                return;
            }

            _chunk++;
            while (_chunk >= _places._firstChunk[_run + 1] && _run + 2 < _places._firstChunk.Length)
            {
                _run++;
            }

            _chunkEnd = (int)Math.Min(int.MaxValue, (long)_frame + _places._framesPerChunk[_run]);
            Offset = _places.OffsetOf(_chunk);
        }
    }
}
