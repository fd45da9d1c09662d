using System.Buffers;

namespace Tributary.Gateway.Streaming;

// What one viewer is sent.
sealed partial class ViewerGroup
{
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
}
