using Tributary.Media.Frames;

namespace Tributary.Media.Containers.Mp4;

/// <summary>The sample tables of one track of a <see cref="ProgressiveMovie"/> (ISO/IEC 14496-12 §8.5 to §8.7).</summary>
sealed partial class MovieTrack(TrackInfo first)
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
}
