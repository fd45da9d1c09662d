using Tributary.Media.Frames;

namespace Tributary.Gateway.Streaming;

// The muxed frames that are kept, what viewers take of them, and when they are let go.
sealed partial class MuxedStream
{
    /// <summary>Frames that are kept, and their bytes.</summary>
    public (int Frames, long Bytes) Kept
    {
        get
        {
            lock (_gate)
            {
                return (_frames.Count, _bytes);
            }
        }
    }

    /// <summary>
    /// Copies the frames from number <paramref name="from"/> on, or from the newest place where a viewer can begin if that is wanted and older. The
    /// caller gives back a reference for each.
    /// </summary>
    public Snapshot Take(long from, bool withJoin, ref MuxedFrame[] frames)
    {
        lock (_gate)
        {
            var join = JoinOrNone();
            var start = Math.Clamp(withJoin && join >= 0 ? Math.Min(from, join) : from, _first, _next);
            if (_next - start > frames.Length)
            {
                frames = new MuxedFrame[Math.Max(_next - start, 2 * frames.Length)];
            }

            var index = _first - start;
            foreach (var frame in _frames)
            {
                if (index >= 0)
                {
                    frame.Bytes.Retain();
                    frames[index] = frame;
                }

                index++;
            }

            return new Snapshot(start, _next, _first, join, _announcement, _ended);
        }
    }

    void Keep(FrameData bytes, int length, MuxedTrack track, long time, bool joins)
    {
        _frames.Enqueue(new MuxedFrame(bytes, track.Kind, time, track.Last, length, joins));
        _bytes += bytes.Length;
        (track.Last, track.LastTime) = (_next, time);
        if (joins)
        {
            (_lastJoin, _lastJoinTime) = (_next, time);
        }

        _next++;
    }

    void LetGo()
    {
        while (_frames.TryPeek(out var oldest))
        {
            var overBytes = _bytes > _options.MaxBytes && _frames.Count > 1;
            var old = _first < _lastJoin && _newest - oldest.Time > (long)_options.MaxLag.TotalMilliseconds;
            if (!overBytes && !old)
            {
                return;
            }

            if (overBytes && !old)
            {
                _metrics.Overflowed();
            }

            DropOldest();
        }
    }

    void DropOldest()
    {
        var frame = _frames.Dequeue();
        _bytes -= frame.Bytes.Length;
        _first++;
        frame.Bytes.Release();
    }

    long JoinOrNone() => _lastJoin >= _first ? _lastJoin : -1;
}
