using System.Buffers;

namespace Tributary.Gateway.Streaming;

/// <summary>
/// The viewers of one stream and format on one writer loop. Steps of a turn: the frames that somebody needs are taken from the stream once, under one
/// lock; then each viewer is sent what it has not got; who takes less is tried again a little later and, when the stream no longer has what it
/// needs, goes on at a key frame.
/// </summary>
sealed class ViewerGroup(MuxedStream stream, WriterLoop loop, StreamingOptions options, StreamingMetrics metrics)
{
    const long FirstRetry = 4, LastRetry = 100;   // ms

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

    long NextRetry()
    {
        var next = long.MaxValue;
        if (_blocked > 0)
        {
            foreach (var viewer in _viewers)
            {
                next = viewer.IsBlocked ? Math.Min(next, viewer.RetryAt) : next;
            }
        }

        return next;
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

    // Returns the number of writes.
    int Send(Viewer viewer, in Snapshot snapshot, long now)
    {
        var writes = 0;
        while (viewer.Ended == ViewerEnd.None)
        {
            // 1. Where it goes on, if it does.
            if (viewer.IsLeaving && IsBetweenPictures(viewer, snapshot))
            {
                viewer.End(ViewerEnd.Moved);
                break;
            }

            Place(viewer, snapshot, now);

            // 2. What it has not got.
            var batch = loop.Batch;
            Fill(batch, viewer, snapshot);
            if (batch.IsEmpty)
            {
                HasAll(viewer, snapshot);
                break;
            }

            // 3. What of it was taken.
            var sent = viewer.Output.Send(batch.Pieces);
            writes++;
            if (sent < 0)
            {
                viewer.End(ViewerEnd.Left);
                break;
            }

            viewer.Sent += sent;
            if (sent < batch.Length)
            {
                batch.Cut(sent, viewer, loop.Arena);
                Block(viewer, sent, now);
                break;
            }

            viewer.Position = batch.Position;
            viewer.Own.Release();
            viewer.Rest.Release();
            (viewer.Own, viewer.Rest) = (default, default);
            if (viewer.Position.Next >= snapshot.End && !viewer.HasSaid)
            {
                HasAll(viewer, snapshot);
                break;
            }
        }

        return writes;
    }

    // Nothing is under way, and what comes next is a key frame or not known yet to who has not begun.
    bool IsBetweenPictures(Viewer viewer, in Snapshot snapshot) =>
        viewer.Own.Length == 0 && viewer.Rest.Length == 0
        && (viewer.Position.Next < snapshot.Start || (viewer.Position.Next < snapshot.End && _frames[viewer.Position.Next - snapshot.Start].Joins));

    void HasAll(Viewer viewer, in Snapshot snapshot)
    {
        Unblock(viewer);
        if (snapshot.Ended)
        {
            viewer.End(ViewerEnd.OffAir);
        }
    }

    void Place(Viewer viewer, in Snapshot snapshot, long now)
    {
        if (viewer.Position.Next >= 0 && viewer.Position.Next < snapshot.First)
        {
            viewer.Position.Next = -1;
            metrics.Dropped();
            CountDrop(viewer, now);
        }

        if (viewer.Own.Length > 0 || viewer.Rest.Length > 0)
        {
            return;   // a frame is under way
        }

        _opening.ResetWrittenCount();
        while (viewer.TryTakeSaid(out var said))
        {
            _opening.Write(said);
        }

        if (viewer.Position.Next < 0 && snapshot.Join >= 0)
        {
            var time = _frames[snapshot.Join - snapshot.Start].Time;
            ref var position = ref viewer.Position;
            position.Next = snapshot.Join;
            position.Base = position.Base < 0 ? time : position.Base;
            viewer.Framing.Begin(_opening, snapshot.Announcement, ref position, (uint)(time - position.Base));
        }

        if (_opening.WrittenCount > 0)
        {
            viewer.Own = loop.Arena.Copy(_opening.WrittenSpan);
        }
    }

    void Fill(SendBatch batch, Viewer viewer, in Snapshot snapshot)
    {
        batch.Begin(viewer.Position);
        batch.AddPending(viewer.Own, viewer.Rest);
        if (viewer.Position.Next < 0)
        {
            return;
        }

        var frames = _frames.AsSpan(0, (int)(snapshot.End - snapshot.Start));
        for (var i = (int)(viewer.Position.Next - snapshot.Start); i < frames.Length && !batch.IsFull && !(viewer.IsLeaving && frames[i].Joins); i++)
        {
            batch.AddFrame(frames[i], viewer.Framing);
        }

        if (batch.IsEmpty)
        {
            viewer.Position = batch.Position;   // nothing of it was for this viewer
        }
    }

    void CountDrop(Viewer viewer, long now)
    {
        if (now - viewer.DropsSince > (long)options.SlowWithin.TotalMilliseconds)
        {
            (viewer.Drops, viewer.DropsSince) = (0, now);
        }

        if (++viewer.Drops > options.MaxDrops)
        {
            viewer.End(ViewerEnd.TooSlow);
        }
    }

    void Block(Viewer viewer, long sent, long now)
    {
        if (!viewer.IsBlocked)
        {
            _blocked++;
            (viewer.IsBlocked, viewer.BlockedAt, viewer.RetryAfter) = (true, now, FirstRetry);
        }
        else if (sent > 0)
        {
            (viewer.BlockedAt, viewer.RetryAfter) = (now, FirstRetry);
        }
        else
        {
            viewer.RetryAfter = Math.Min(2 * viewer.RetryAfter, LastRetry);
        }

        viewer.RetryAt = now + viewer.RetryAfter;
        if (now - viewer.BlockedAt > (long)options.StuckAfter.TotalMilliseconds)
        {
            viewer.End(ViewerEnd.TooSlow);
        }
    }

    void Unblock(Viewer viewer)
    {
        if (viewer.IsBlocked)
        {
            _blocked--;
            viewer.IsBlocked = false;
        }
    }

    // For who is ended by this side between two frames, if its socket takes it: whoever is gone or stuck would not hear it.
    void SayFarewell(Viewer viewer)
    {
        _opening.ResetWrittenCount();
        if (viewer.Ended is ViewerEnd.OffAir or ViewerEnd.Stopping or ViewerEnd.Expired or ViewerEnd.Moved
            && viewer.Own.Length == 0 && viewer.Rest.Length == 0 && viewer.Position.Base >= 0)
        {
            viewer.Framing.End(_opening, stream.Announcement, viewer.Ended, (uint)Math.Max(0, viewer.Position.LastVideoTime));
        }

        if (_opening.WrittenCount > 0)
        {
            viewer.Own = loop.Arena.Copy(_opening.WrittenSpan);
            loop.Batch.Begin(viewer.Position);
            loop.Batch.AddPending(viewer.Own, default);
            viewer.Sent += Math.Max(0, viewer.Output.Send(loop.Batch.Pieces));
        }
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
