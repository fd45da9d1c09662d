using Tributary.Media.Packaging.Live;

namespace Tributary.Grains.Recordings;

// What is new of each rendition goes into the journals, part by part.
sealed partial class Recorder
{
    readonly Dictionary<string, Cursor> _cursors = new(StringComparer.Ordinal);

    void Write(PartBuffer buffer)
    {
        foreach (var feed in _feeds)
        {
            Write(feed, buffer);
        }

        if (NextMsn is >= 0 and var reached)
        {
            _targets.ForEach(target => target.Reach(reached));
        }
    }

    void Write(RecorderFeed feed, PartBuffer buffer)
    {
        var view = feed.View;
        if (feed.Written?.Generation is { } generation && generation != view.Generation)
        {
            foreach (var over in _cursors.Where(pair => pair.Value.Feed == feed).Select(static pair => pair.Key).ToArray())
            {
                _cursors.Remove(over);
            }
        }

        feed.Written = view;
        foreach (var track in view.Tracks)
        {
            Write(feed, view, track, buffer);
        }
    }

    // Nobody waits for a rendition that is lost while others go on.
    long NextMsn => _cursors.Values.Where(static cursor => cursor.Feed.View.Pause is null).Select(static cursor => cursor.Msn)
        .DefaultIfEmpty(_cursors.Values.Select(static cursor => cursor.Msn).DefaultIfEmpty(-1).Min()).Min();

    void Write(RecorderFeed feed, WindowView view, TrackView track, PartBuffer buffer)
    {
        if (!_cursors.TryGetValue(track.Name, out var cursor))
        {
            _cursors.Add(track.Name, cursor = new Cursor(feed) { Msn = track.First });
        }

        if (cursor.Msn < track.First)
        {
            _context.Metrics.Lost(track.First - cursor.Msn);
            cursor.MoveTo(track.First);
        }

        while (cursor.Msn <= track.End && view.Segment(cursor.Msn) is { } segment)
        {
            if (segment.Mark?.Epoch > cursor.Epoch)
            {
                (cursor.Epoch, cursor.Part) = (segment.Mark.Epoch, 0);   // begun, or begun anew by another source
            }

            var share = cursor.Msn < track.End ? segment.Track(track.Slot) : null;
            if ((share?.Init ?? track.OpenInit) is { } init)
            {
                WriteParts(track, segment, init, cursor, buffer);
            }

            if (share is null)
            {
                return;
            }

            if (cursor.Part == share.Parts.Length)
            {
                _targets.ForEach(target => target.End(track.Name, segment, cursor.Epoch, share));
            }

            cursor.MoveTo(cursor.Msn + 1);
        }
    }

    void WriteParts(TrackView track, LiveSegment segment, InitSegment init, Cursor cursor, PartBuffer buffer)
    {
        for (var parts = segment.Parts(track.Slot); cursor.Part < parts.Length; cursor.Part++)
        {
            using var body = WindowView.TryHoldPart(segment, track.Slot, cursor.Part);
            if (body is null)
            {
                _context.Metrics.Lost(1);   // it left the window: the disk is too slow
                return;
            }

            var bytes = buffer.Gather(body);
            foreach (var target in _targets)
            {
                target.Write(track.Name, segment, cursor.Epoch, init, cursor.Part, parts[cursor.Part], bytes);
            }
        }
    }

    /// <summary>The next part of a rendition to write.</summary>
    sealed class Cursor(RecorderFeed feed)
    {
        public RecorderFeed Feed => feed;

        public long Msn { get; set; }

        public long Epoch { get; set; }

        public int Part { get; set; }

        public void MoveTo(long msn) => (Msn, Epoch, Part) = (msn, 0, 0);
    }
}
