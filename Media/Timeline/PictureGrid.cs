using Tributary.Media.Frames;

namespace Tributary.Media.Timeline;

/// <summary>
/// Undoes an encoder's rounding to milliseconds where its declared frame rate tells the true times: pictures of 30 frames per second are then
/// 3,000 ticks of 90 kHz apart, not 2,970 and 3,060 by turns. Times that the grid does not explain pass as they are.
/// </summary>
struct PictureGrid
{
    const long Tolerance90k = 135;   // decoding and presentation time are rounded each by up to 1 ms, the origin too

    long _origin;
    int _ticks;      // of 90 kHz, for ...
    int _pictures;   // ... so many pictures; 0: there is no grid
    int _rate;

    /// <summary>The decoding time of the next picture, in 90 kHz ticks. One off the grid begins it anew.</summary>
    public long Place(long dts90k, int milliFramesPerSecond)
    {
        if (_rate != milliFramesPerSecond || _pictures == 0)
        {
            _rate = milliFramesPerSecond;
            (_ticks, _pictures) = Distance(milliFramesPerSecond);
            return _origin = dts90k;
        }

        var nearest = Nearest(dts90k);
        if (Math.Abs(nearest - dts90k) <= Tolerance90k)
        {
            return nearest;
        }

        return _origin = dts90k;
    }

    /// <summary><paramref name="time90k"/> on the grid where it is near, else as it is.</summary>
    public readonly long Snap(long time90k)
    {
        if (_pictures == 0)
        {
            return time90k;
        }

        var nearest = Nearest(time90k);
        return Math.Abs(nearest - time90k) <= Tolerance90k ? nearest : time90k;
    }

    readonly long Nearest(long time90k)
    {
        var number = MediaTime.RescaleNearest(time90k - _origin, _ticks, _pictures);
        return _origin + MediaTime.RescaleNearest(number, _pictures, _ticks);
    }

    // 23.976, 29.97 and 59.94 mean the multiples of 1,000/1,001 (SMPTE): in ticks of 90 kHz they are whole.
    static (int Ticks, int Pictures) Distance(int milliFramesPerSecond) => milliFramesPerSecond switch
    {
        <= 0 => (0, 0),
        23_976 => (MediaTime.Hz90k * 1_001, 24_000),
        29_970 => (MediaTime.Hz90k * 1_001, 30_000),
        59_940 => (MediaTime.Hz90k * 1_001, 60_000),
        119_880 => (MediaTime.Hz90k * 1_001, 120_000),
        _ => (MediaTime.Hz90k * 1_000, milliFramesPerSecond),
    };
}
