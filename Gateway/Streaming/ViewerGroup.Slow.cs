namespace Tributary.Gateway.Streaming;

// Viewers that take less than comes.
sealed partial class ViewerGroup
{
    const long FirstRetry = 4, LastRetry = 100;   // ms

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
}
