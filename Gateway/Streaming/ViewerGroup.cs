using System.Buffers;

namespace Tributary.Gateway.Streaming;

/// <summary>
/// The viewers of one stream and format on one writer loop. Steps of a turn: the frames that somebody needs are taken from the stream once, under one
/// lock; then each viewer is sent what it has not got; who takes less is tried again a little later and, when the stream no longer has what it
/// needs, goes on at a key frame.
/// </summary>
sealed partial class ViewerGroup(MuxedStream stream, WriterLoop loop, StreamingOptions options, StreamingMetrics metrics)
{
    // How long sound waits for the picture that it goes with: system calls for each of some 47 frames of sound a second would cost more than the pictures.
    const long SoundWait = 40;   // ms

    readonly List<Viewer> _viewers = [];
    readonly ArrayBufferWriter<byte> _opening = new(4096);
    readonly long _merge = (long)options.Merge.TotalMilliseconds;
    MuxedFrame[] _frames = new MuxedFrame[64];
    long _due = long.MaxValue;
    int _blocked, _attention;

    public MuxedStream Stream => stream;

    public int Count => _viewers.Count;

    /// <summary>There are new frames, or sound alone. Any thread.</summary>
    public void Signal(bool isSound = false)
    {
        var due = WriterLoop.Now + (isSound ? Math.Max(_merge, SoundWait) : _merge);
        for (var known = Interlocked.Read(ref _due); due < known;)
        {
            var before = Interlocked.CompareExchange(ref _due, due, known);
            if (before == known)
            {
                loop.WakeForFrames();
                return;
            }

            known = before;
        }
    }

    public void Add(Viewer viewer)
    {
        _viewers.Add(viewer);
        viewer.Attach(loop);
        _attention = 1;
    }

    /// <summary>One of the viewers said something or ended.</summary>
    public void Look() => _attention = 1;

    /// <summary>The gateway drains: everybody is ended before the next key frame, or at once.</summary>
    public void Leave(bool atOnce)
    {
        foreach (var viewer in _viewers)
        {
            viewer.IsLeaving = true;
            if (atOnce)
            {
                viewer.End(ViewerEnd.Stopping);
            }
        }
    }

    /// <summary>The gateway stops: nobody is sent anything any more.</summary>
    public void Stop()
    {
        stream.RemoveReader(this);
        for (var i = _viewers.Count - 1; i >= 0; i--)
        {
            _viewers[i].End(ViewerEnd.Stopping);
            Remove(i);
        }
    }

    /// <summary>Does what is due; returns when to come again, in ticks of the loop.</summary>
    public long Turn(long now)
    {
        var isDue = now >= Interlocked.Read(ref _due);
        if (isDue)
        {
            Interlocked.Exchange(ref _due, long.MaxValue);
        }

        if (isDue || _attention != 0 || (_blocked > 0 && NextRetry() <= now))
        {
            Send(now, everybody: isDue);
            _attention = 0;
        }

        return Math.Min(Interlocked.Read(ref _due), NextRetry());
    }

    // Who is due: everybody when frames are, else who was blocked, has just come, has something to say, or is to go.
    static bool IsDue(Viewer viewer, long now, bool everybody) =>
        viewer.Ended != ViewerEnd.None
        || (viewer.IsBlocked ? viewer.RetryAt <= now : everybody || viewer.HasSaid || viewer.IsLeaving || viewer.Position.Next < 0);

    void Send(long now, bool everybody)
    {
        var (from, waits) = (long.MaxValue, false);
        foreach (var viewer in _viewers)
        {
            if (IsDue(viewer, now, everybody))
            {
                from = viewer.Position.Next < 0 ? from : Math.Min(from, viewer.Position.Next);
                waits |= viewer.Position.Next < 0;
            }
        }

        var snapshot = stream.Take(from, waits, ref _frames);
        var (bytes, writes) = (0L, 0);
        for (var i = _viewers.Count - 1; i >= 0; i--)
        {
            var viewer = _viewers[i];
            if (!IsDue(viewer, now, everybody))
            {
                continue;
            }

            var before = viewer.Sent;
            writes += viewer.Ended == ViewerEnd.None ? Send(viewer, snapshot, now) : 0;
            bytes += viewer.Sent - before;
            if (viewer.Ended != ViewerEnd.None)
            {
                Remove(i);
            }
        }

        foreach (ref readonly var frame in _frames.AsSpan(0, (int)(snapshot.End - snapshot.Start)))
        {
            frame.Bytes.Release();
        }

        metrics.Sent(bytes, writes);
    }

    void Remove(int index)
    {
        var viewer = _viewers[index];
        SayFarewell(viewer);
        Unblock(viewer);
        _viewers[index] = _viewers[^1];
        _viewers.RemoveAt(_viewers.Count - 1);
        viewer.LetGo();
    }
}
