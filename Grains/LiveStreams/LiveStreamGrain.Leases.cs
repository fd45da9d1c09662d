namespace Tributary.Grains.LiveStreams;

// Who may cut segments, from which number on.
public sealed partial class LiveStreamGrain
{
    async Task<StreamLease> Grant(PublishSlot slot)
    {
        var now = time.GetUtcNow();
        var stored = state.State;
        if (stored.Epoch == 0)
        {
            stored.Origin = now;
        }

        stored.Epoch++;
        stored.ReservedMsn = _nextMsn + options.Value.NumbersReserved;
        stored.OnAir = slot.Request;
        Enter(StreamState.Live, now);
        await state.WriteStateAsync();

        (slot.OnAir, slot.Confirmed) = (true, true);
        slot.Lease = new StreamLease
        {
            Epoch = stored.Epoch,
            Session = slot.Request.Session,
            FirstMsn = _nextMsn,
            DiscontinuitySequence = stored.Begun ? stored.DiscontinuitySequence + 1 : 0,
            StartsDiscontinuity = stored.Begun,
            Start90k = Math.Max(_end90k, (long)(now - stored.Origin + Lead).TotalMilliseconds * 90),
            TargetDuration = stored.TargetDuration,
            SegmentDuration = options.Value.SegmentDuration,
            PartDuration = options.Value.PartDuration,
        };
        LogGranted(Name, slot.Request.Slot, slot.Request.Encoder, slot.Request.Node, stored.Epoch, _nextMsn);
        await Announce();
        return slot.Lease;
    }

    // This activation is younger than the lease: a new epoch shuts out whoever might still act for the old one.
    async Task Renew(PublishSlot slot)
    {
        state.State.Epoch++;
        await state.WriteStateAsync();
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
        var runsOut = _nextMsn + 2 >= stored.ReservedMsn;
        if (settled || renumbered || runsOut)
        {
            stored.Begun = true;
            stored.TargetDuration = Math.Max(stored.TargetDuration, report.TargetDuration);
            stored.DiscontinuitySequence = Math.Max(stored.DiscontinuitySequence, report.DiscontinuitySequence);
            stored.ReservedMsn = _nextMsn + options.Value.NumbersReserved;
            await state.WriteStateAsync();
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
        var isStandby = report.Epoch == 0 && _slots[report.Request.Slot] is null;
        var holdsLease = state.State.OnAir?.Session == report.Session;
        if (!isStandby && !holdsLease)
        {
            return false;
        }

        slot = _slots[report.Request.Slot] = new PublishSlot(report.Request, publisher: null, time.GetUtcNow()) { OnAir = holdsLease };
        return true;
    }

    async Task EndSlot(PublishSlot slot, PublishEnd end)
    {
        _slots[slot.Request.Slot] = null;
        _ = slot.Publisher?.Revoked(slot.Lease?.Epoch ?? 0, end);
        if (!slot.OnAir)
        {
            LogStandbyEnded(Name, slot.Request.Slot, end);
            return;
        }

        state.State.LastEnd = end;
        state.State.OnAir = null;
        LogEnded(Name, slot.Request.Slot, slot.Request.Encoder, end, _nextMsn);
        if (_slots.FirstOrDefault(other => other?.Publisher is not null) is { } standby && end != PublishEnd.Replaced)
        {
            var lease = await Grant(standby);
            _ = standby.Publisher!.Granted(lease);
            return;
        }

        Enter(StreamState.Held, time.GetUtcNow());
        await state.WriteStateAsync();
        await Announce();
    }
}
