using Microsoft.Extensions.Logging;

namespace Tributary.Grains.LiveStreams;

// Who may cut segments, from which number on.
public sealed partial class LiveStreamGrain
{
    async Task<StreamLease> Grant(PublishSlot slot, Resumption at)
    {
        var now = time.GetUtcNow();
        var stored = state.State;
        stored.Origin = stored.Origin == default ? now : stored.Origin;
        stored.TargetDuration = Math.Max(stored.TargetDuration, at.TargetDuration);
        stored.Granted = ++stored.Epoch;
        _nextMsn = at.FirstMsn;
        stored.ReservedMsn = Math.Max(stored.ReservedMsn, _nextMsn + options.Value.NumbersReserved);
        stored.OnAir = slot.Request;
        Enter(StreamState.Live, now);
        await Store();

        (_unsettled, _leastMsn) = (null, 0);
        (slot.OnAir, slot.Confirmed, slot.MayCut) = (true, true, true);
        slot.Lease = new StreamLease
        {
            Epoch = stored.Epoch,
            Session = slot.Request.Session,
            FirstMsn = _nextMsn,
            DiscontinuitySequence = at.DiscontinuitySequence + (at.StartsDiscontinuity ? 1 : 0),
            StartsDiscontinuity = at.StartsDiscontinuity,
            Start90k = at.Start90k,
            TargetDuration = stored.TargetDuration,
            SegmentDuration = options.Value.SegmentDuration,
            PartDuration = options.Value.PartDuration,
            Offset90k = at.Offset90k,
            ResumeTime = at.Time,
            GapsBefore = at.Gaps,
            GapStart90k = at.GapStart90k,
            GapTime = at.GapTime ?? default,
            RunStart90k = at.StartsDiscontinuity ? null : at.RunStart90k,
            Pace90k = at.Pace90k,
        };
        _ = slot.Publisher?.Granted(slot.Lease);
        LogGranted(Name, slot.Request.Slot, slot.Request.Encoder, slot.Request.Node, stored.Epoch, _nextMsn);
        await Announce();
        return slot.Lease;
    }

    // An older epoch than the newest speaks of the same lease where it was only renewed since.
    bool IsOfItsLease(SourceReport report) => report.Epoch == state.State.Epoch || (state.State.Granted > 0 && report.Epoch >= state.State.Granted);

    // This activation is younger than the lease: a new epoch shuts out whoever might still act for the old one.
    async Task Renew(PublishSlot slot)
    {
        state.State.Epoch++;
        await Store();
        slot.Confirmed = true;
        LogRenewed(Name, slot.Request.Slot, state.State.Epoch, _nextMsn);
        await Announce();
    }

    async Task Advance(SourceReport report)
    {
        var stored = state.State;
        var begun = report.NextMsn > _nextMsn;
        _nextMsn = Math.Max(_nextMsn, report.NextMsn);
        _end90k = Math.Max(_end90k, report.End90k);
        if (!begun)
        {
            return;
        }

        var settled = stored.TargetDuration == 0 && report.TargetDuration > 0;
        var renumbered = report.DiscontinuitySequence > stored.DiscontinuitySequence || !stored.Begun;
        var runsOut = _nextMsn + 2 >= stored.ReservedMsn || _unwritten;
        if (settled || renumbered || runsOut)
        {
            stored.Begun = true;
            stored.TargetDuration = Math.Max(stored.TargetDuration, report.TargetDuration);
            stored.DiscontinuitySequence = Math.Max(stored.DiscontinuitySequence, report.DiscontinuitySequence);
            stored.ReservedMsn = _nextMsn + options.Value.NumbersReserved;
            await Store();
        }

        if (settled || renumbered)
        {
            await List();   // the tracks are known now
        }
    }

    // A report of the session that the stored lease names: this activation is younger than the lease.
    bool TryAdopt(SourceReport report, out PublishSlot? slot)
    {
        slot = null;
        if (report.Request.Slot is < 0 or > 1)
        {
            return false;
        }

        if (_slots[report.Request.Slot] is { } held && report.Epoch == 0 && _slots[Successor] is null && IsSuccessor(report.Request, held))
        {
            slot = _slots[Successor] = new PublishSlot(report.Request, publisher: null, time);
            return true;
        }

        var isStandby = report.Epoch == 0 && _slots[report.Request.Slot] is null;
        var holdsLease = state.State.OnAir?.Session == report.Session;
        if (!isStandby && !holdsLease)
        {
            return false;
        }

        slot = _slots[report.Request.Slot] = new PublishSlot(report.Request, publisher: null, time) { OnAir = holdsLease };
        return true;
    }

    // True: another source goes on.
    async Task<bool> EndSlot(PublishSlot slot, PublishEnd end, SwitchReason reason)
    {
        _slots[Array.IndexOf(_slots, slot)] = null;
        if (!slot.OnAir)
        {
            _ = slot.Publisher?.Revoked(0, end, goesOn: true);
            LogStandbyEnded(Name, slot.Request.Slot, end);
            return OnAir is not null;
        }

        state.State.LastEnd = end;
        state.State.OnAir = null;
        LogEnded(Name, slot.Request.Slot, slot.Request.Encoder, end, _nextMsn);
        var lostNode = end == PublishEnd.HostLost ? slot.Request.Node : null;
        if ((Candidate(lostNode) ?? Array.Find(_slots, other => other?.Publisher is not null && other.Request.Node != lostNode)) is { } next)
        {
            await SwitchTo(next, reason, slot, hostAnswers: end != PublishEnd.HostLost);
            _ = slot.Publisher?.Revoked(slot.Lease?.Epoch ?? 0, end, goesOn: OnAir is not null);
            return OnAir is not null;
        }

        // Nobody goes on. A host that lives tells the viewers' side that the open segment is complete; the numbers of one that does not are
        // settled when somebody publishes again.
        _unsettled = end is PublishEnd.HostLost or PublishEnd.Silent or PublishEnd.Replaced ? slot : null;
        _leastMsn = end == PublishEnd.Replaced ? _nextMsn : 0;   // its host, if it lives, completes what it has begun
        _ = slot.Publisher?.Revoked(slot.Lease?.Epoch ?? 0, end, goesOn: false);
        await TellGone();
        Enter(IsEntry && _ladder.HasOthers(RenditionName.First) ? StreamState.Live : StreamState.Held, time.GetUtcNow());
        await Store();
        await Announce();
        return false;
    }

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: slot {Slot} on air from {Encoder} at node {Node}, epoch {Epoch}, first segment {Msn}")]
    partial void LogGranted(string stream, int slot, string encoder, string node, long epoch, long msn);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: slot {Slot} goes on under epoch {Epoch} at segment {Msn}: its grain was activated anew")]
    partial void LogRenewed(string stream, int slot, long epoch, long msn);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: standby in slot {Slot} ended ({End})")]
    partial void LogStandbyEnded(string stream, int slot, PublishEnd end);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: source in slot {Slot} from {Encoder} ended ({End}); the next segment is {Msn}")]
    partial void LogEnded(string stream, int slot, string encoder, PublishEnd end, long msn);
}
