namespace Tributary.Media.Timeline;

/// <summary>Makes a counter that wraps after some bits into one that does not, by taking the shortest way from each value to the next.</summary>
struct TimestampUnwrapper
{
    long _last;
    bool _started;

    public long Unwrap(long raw, int bits)
    {
        if (!_started || bits >= 64)
        {
            _started = true;
            return _last = raw;
        }

        var range = 1L << bits;
        var step = (raw - _last) & (range - 1);
        return _last += step >= range / 2 ? step - range : step;
    }
}
