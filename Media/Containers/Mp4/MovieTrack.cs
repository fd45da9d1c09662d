using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.Mp4;

/// <summary>The sample tables of one track of a <see cref="ProgressiveMovie"/> (ISO/IEC 14496-12 §8.5 to §8.7).</summary>
sealed class MovieTrack(TrackInfo first)
{
    readonly List<TrackInfo> _descriptions = [first];
    readonly List<(uint Count, uint Delta)> _times = [];
    readonly List<(uint Count, int Offset)> _offsets = [];
    readonly List<int> _sizes = [];
    readonly List<uint> _keys = [];
    readonly List<(long Offset, int Samples, int Description)> _chunks = [];
    long _startDts = -1;
    long _endDts;
    long _lastDuration;
    int _firstOffset;

    public int SampleCount => _sizes.Count;

    /// <summary>Presentation time of its first sample on the common timeline.</summary>
    public long Start90k => MediaTime.Rescale(_startDts + _firstOffset, first.Timescale, MediaTime.Hz90k);

    /// <summary>Bytes that <see cref="Write"/> takes at most.</summary>
    public int Room => checked(2_048 + _descriptions.Sum(static info => 1_024 + info.DecoderConfig.Length) + 8 * _times.Count + 8 * _offsets.Count + 4 * _sizes.Count
        + 4 * _keys.Count + 20 * _chunks.Count);

    /// <summary>From the movie's start to the end of the track.</summary>
    public long Length90k(long start90k) => Start90k - start90k + MediaTime.Rescale(_endDts - _startDts, first.Timescale, MediaTime.Hz90k);

    public void Configure(TrackInfo info)
    {
        if (!info.IsSameConfiguration(_descriptions[^1]))
        {
            _descriptions.Add(info);
        }
    }

    public void AddChunk(long offset, long dts, List<MovieSample> samples)
    {
        if (_startDts < 0)
        {
            (_startDts, _endDts, _firstOffset) = (dts, dts, Math.Max(0, samples[0].CompositionOffset));
        }
        else
        {
            // What is missing between two chunks is added to the last sample; what overlaps is taken from it.
            _lastDuration = Math.Clamp(_lastDuration + dts - _endDts, 0, uint.MaxValue);
            _endDts = Math.Max(dts, _endDts - _lastDuration);
        }

        foreach (var sample in samples)
        {
            End();
            (_lastDuration, _endDts) = (sample.Duration, _endDts + sample.Duration);
            _sizes.Add(sample.Size);
            AddOffset(sample.CompositionOffset);
            if (sample.IsKey)
            {
                _keys.Add((uint)_sizes.Count);
            }

            _pending = true;
        }

        _chunks.Add((offset, samples.Count, _descriptions.Count));
    }

    bool _pending;

    /// <summary>The last sample is as long as is known.</summary>
    public void End()
    {
        if (!_pending)
        {
            return;
        }

        _pending = false;
        if (_times.Count > 0 && _times[^1].Delta == _lastDuration)
        {
            _times[^1] = (_times[^1].Count + 1, _times[^1].Delta);
        }
        else
        {
            _times.Add((1, (uint)_lastDuration));
        }
    }

    void AddOffset(int offset)
    {
        if (_offsets.Count > 0 && _offsets[^1].Offset == offset)
        {
            _offsets[^1] = (_offsets[^1].Count + 1, offset);
        }
        else
        {
            _offsets.Add((1, offset));
        }
    }

    public void Write(ref BoxWriter writer, int id, long start90k, long mediaOffset)
    {
        var isVideo = first.Kind == TrackKind.Video;
        var format = FormatOf(first);
        var box = writer.Open("trak"u8);
        WriteHeader(ref writer, id, format, Length90k(start90k));
        WriteEdits(ref writer, start90k);
        var media = writer.Open("mdia"u8);
        WriteMediaHeader(ref writer);
        CmafInitSegment.WriteHandler(ref writer, isVideo);
        var information = writer.Open("minf"u8);
        CmafInitSegment.WriteKindHeader(ref writer, isVideo);
        CmafInitSegment.WriteDataReference(ref writer);
        WriteTables(ref writer, mediaOffset);
        writer.Close(information);
        writer.Close(media);
        writer.Close(box);
    }

    static VideoFormat FormatOf(TrackInfo info) =>
        info.Kind == TrackKind.Video && TrackConfiguration.TryReadVideoFormat(info, out var read) ? read : new VideoFormat();

    void WriteHeader(ref BoxWriter writer, int id, VideoFormat format, long length90k)
    {
        var box = writer.Open("tkhd"u8, 1, 3);   // enabled, in the movie
        writer.Zeros(16);
        writer.I32(id);
        writer.Zeros(4);
        writer.U64((ulong)length90k);
        writer.Zeros(8 + 2 + 2);
        writer.U16(first.Kind == TrackKind.Audio ? 0x0100 : 0);
        writer.U16(0);
        writer.UnityMatrix();
        var width = (ulong)first.Width * (uint)format.SampleAspectWidth * 0x1_0000 / (uint)format.SampleAspectHeight;
        writer.U32((uint)Math.Min(width, uint.MaxValue));
        writer.U32((uint)first.Height << 16);
        writer.Close(box);
    }

    void WriteEdits(ref BoxWriter writer, long start90k)
    {
        var delay = Start90k - start90k;
        var edits = writer.Open("edts"u8);
        var box = writer.Open("elst"u8, 1, 0);
        writer.U32(delay > 0 ? 2u : 1u);
        if (delay > 0)
        {
            WriteEdit(ref writer, delay, -1);
        }

        WriteEdit(ref writer, MediaTime.Rescale(_endDts - _startDts, first.Timescale, MediaTime.Hz90k), _firstOffset);
        writer.Close(box);
        writer.Close(edits);
    }

    static void WriteEdit(ref BoxWriter writer, long length, long mediaTime)
    {
        writer.U64((ulong)length);
        writer.U64((ulong)mediaTime);
        writer.U32(0x0001_0000);   // at its own speed
    }

    void WriteMediaHeader(ref BoxWriter writer)
    {
        var box = writer.Open("mdhd"u8, 1, 0);
        writer.Zeros(16);
        writer.I32(first.Timescale);
        writer.U64((ulong)(_endDts - _startDts));
        writer.U16(LanguageCode.Pack(first.Language));
        writer.U16(0);
        writer.Close(box);
    }

    void WriteTables(ref BoxWriter writer, long mediaOffset)
    {
        var table = writer.Open("stbl"u8);
        var box = writer.Open("stsd"u8, 0, 0);
        writer.I32(_descriptions.Count);
        foreach (var description in _descriptions)
        {
            SampleEntry.Write(ref writer, description, FormatOf(description));
        }

        writer.Close(box);
        box = writer.Open("stts"u8, 0, 0);
        writer.I32(_times.Count);
        foreach (var (count, delta) in _times)
        {
            writer.U32(count);
            writer.U32(delta);
        }

        writer.Close(box);
        WriteOffsets(ref writer);
        WriteKeys(ref writer);
        WriteChunks(ref writer);
        box = writer.Open("stsz"u8, 0, 0);
        writer.U32(0);
        writer.I32(_sizes.Count);
        foreach (var size in _sizes)
        {
            writer.I32(size);
        }

        writer.Close(box);
        box = writer.Open("co64"u8, 0, 0);
        writer.I32(_chunks.Count);
        foreach (var (offset, _, _) in _chunks)
        {
            writer.U64((ulong)(mediaOffset + offset));
        }

        writer.Close(box);
        writer.Close(table);
    }

    void WriteOffsets(ref BoxWriter writer)
    {
        if (_offsets is [(_, 0)])
        {
            return;
        }

        var box = writer.Open("ctts"u8, 1, 0);
        writer.I32(_offsets.Count);
        foreach (var (count, offset) in _offsets)
        {
            writer.U32(count);
            writer.I32(offset);
        }

        writer.Close(box);
    }

    // Without the box every sample is a key.
    void WriteKeys(ref BoxWriter writer)
    {
        if (_keys.Count == _sizes.Count)
        {
            return;
        }

        var box = writer.Open("stss"u8, 0, 0);
        writer.I32(_keys.Count);
        foreach (var key in _keys)
        {
            writer.U32(key);
        }

        writer.Close(box);
    }

    void WriteChunks(ref BoxWriter writer)
    {
        var runs = new List<(int First, int Samples, int Description)>();
        for (var index = 0; index < _chunks.Count; index++)
        {
            if (runs.Count == 0 || runs[^1].Samples != _chunks[index].Samples || runs[^1].Description != _chunks[index].Description)
            {
                runs.Add((index + 1, _chunks[index].Samples, _chunks[index].Description));
            }
        }

        var box = writer.Open("stsc"u8, 0, 0);
        writer.I32(runs.Count);
        foreach (var (chunk, samples, description) in runs)
        {
            writer.I32(chunk);
            writer.I32(samples);
            writer.I32(description);
        }

        writer.Close(box);
    }
}
