using Microsoft.Extensions.Logging;

namespace Tributary.Grains.LiveStreams;

// Which source goes on air next, and where it goes on.
public sealed partial class LiveStreamGrain
{
    const int Successor = 2;
    const long Tolerance90k = 270;

    (PublishSlot Target, SwitchReason Reason, long Began, TimeSpan Longest)? _planned;
    PublishSlot? _unsettled;
    PublishSlot? _boundOf;
    long _leastMsn;
    long _activated;
    bool _begunElsewhere;

    // The source that would go on if the one on air were lost now.
    PublishSlot? Candidate(string? except = null) => Array.FindLast(_slots, slot => slot is { OnAir: false, IsReady: true }
        && slot.Request.Node != except && slot.Unheard <= options.Value.DoubtAfter);

    // With every report: a source with a fault gives way to one that is well; a successor that is ready takes its place.
    async Task ConsiderSwitch()
    {
        if (OnAir is not { } source)
        {
            await CompleteChange();
            return;
        }

        if (source.Fault != SourceFault.None && Candidate() is { } next)
        {
            await SwitchTo(next, source.Fault == SourceFault.Silent ? SwitchReason.Silent : SwitchReason.Stalled, source, hostAnswers: true);
        }
        else if (_planned is null && _slots[Successor] is { IsReady: true } successor)
        {
            Plan(successor, SwitchReason.Transfer);
        }
    }

    // The source on air ends with its open segment, says so, and the other begins with the next: nothing is cut short.
    void Plan(PublishSlot target, SwitchReason reason)
    {
        var longest = TimeSpan.FromSeconds(2 * Math.Max(state.State.TargetDuration, 1) + 1);
        _planned = (target, reason, time.GetTimestamp(), longest);
        _ = OnAir?.Publisher?.Yield(state.State.Epoch);
    }

    async Task GoOnAfterYield(PublishSlot source)
    {
        await AdvanceOwn(source.Last!);
        var (target, reason) = _planned is { } plan ? (plan.Target, plan.Reason) : (source, SwitchReason.None);
        var next = _slots.Contains(target) && target.Publisher is not null ? target : source;
        await SwitchTo(next, reason, source, hostAnswers: true, yielded: true);
    }

    /// <summary>
    /// 1. The former source stops, where its host answers. 2. Gateways say how far they listed it, and list no more. 3. The next one gets a lease
    /// that goes on there. 4. Everybody is told.
    /// </summary>
    async Task SwitchTo(PublishSlot next, SwitchReason reason, PublishSlot from, bool hostAnswers, bool yielded = false)
    {
        var began = time.GetTimestamp();
        _planned = null;

        // 1.
        if (hostAnswers && !yielded && _slots.Contains(from))
        {
            await Stop(from);
            yielded = from.Last is { Yielded: true } last && IsOfItsLease(last);   // its word to that effect was still on its way
        }

        // 2.
        var at = yielded ? AfterYield(from.Last!) : await AfterLost(from);
        at = Align(from, next, at);
        if (at.Offset90k is null && from != next && await TryJoin(next, at, at.FirstMsn) is var joined)
        {
            // The other renditions go on on the clock that this source does not share: it waits until it finds its place among them.
            if (joined is null)
            {
                Settle(next, from);
                await LeaveAirAndWait(from);
                return;
            }

            at = joined;
        }

        // 3.
        if (from != next)
        {
            state.State.LastSwitch = new StreamSwitch
            {
                Reason = reason,
                At = time.GetUtcNow(),
                Slot = next.Request.Slot,
                Node = next.Request.Node,
                FromNode = from.Request.Node,
                Epoch = state.State.Epoch + 1,
                FirstMsn = at.FirstMsn,
                Aligned = at.Offset90k is not null,
                Gaps = at.Gaps,
                Took = time.GetElapsedTime(began),
            };
        }

        from.LeaveAir();
        Settle(next, from);
        _unsettled = from;   // until it is written: the next attempt asks anew how far it was listed meanwhile
        await Grant(next, at);
        LogSwitched(Name, reason, from.Request.Node, next.Request.Slot, next.Request.Node, at.FirstMsn, at.Offset90k is not null, at.Gaps);
        LiveStreamMetrics.Switched(reason, at.Offset90k is not null, time.GetElapsedTime(began));
    }

    // A change of source that storage broke off: somebody waits, and nobody is on air.
    async Task CompleteChange()
    {
        if (OnAir is null && (Candidate() ?? Array.Find(_slots, slot => slot?.Publisher is not null)) is { } waiting)
        {
            Settle(waiting, waiting);
            await TryBegin(waiting);
        }
        else
        {
            _joining?.Dispose();
            _joining = null;
        }
    }

    // A successor takes the place of the session that it succeeds.
    void Settle(PublishSlot next, PublishSlot from)
    {
        if (_slots[Successor] != next)
        {
            return;
        }

        if (_slots[next.Request.Slot] is { } former)
        {
            _ = former.Publisher?.Revoked(state.State.Epoch, PublishEnd.Transferred, goesOn: true);
        }

        (_slots[next.Request.Slot], _slots[Successor], state.State.Transfer) = (next, null, null);
        LogTransferred(Name, next.Request.Slot, from.Request.Node, next.Request.Node);
    }

    async Task Stop(PublishSlot source)
    {
        try
        {
            source.Heard(await source.Publisher!.Stop(state.State.Epoch).WaitAsync(options.Value.SettleTimeout, time));
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogHostSilent(Name, source.Request.Node, exception.Message);   // what it still cuts is not heard any more
            return;
        }

        source.LeaveAir();   // before anything is written, which may fail
        source.MayCut = false;
        await AdvanceOwn(source.Last!);
    }

    static Resumption AfterYield(SourceReport last) =>
        new(last.OpenMsn, last.DiscontinuitySequence, StartsDiscontinuity: false, last.Open90k, last.OpenTime);

    // A number that somebody may have listed is never begun anew: not even when he cannot be asked, or is not known yet. Where the source could not be
    // asked either, it may go on with him as if nothing were: the numbers that they come to meanwhile stay free. What a source says on standby, before
    // it has a lease, is no word about numbers.
    async Task<Resumption> AfterLost(PublishSlot from)
    {
        var (edges, complete) = await _gateways.Settle(_directive.Epoch, options.Value.SettleTimeout);
        WindowEdge[] known = from.Last is { Epoch: > 0 } last ? [Resumption.EdgeOf(last), .. edges] : [.. edges];
        var certain = complete && !(_begunElsewhere && time.GetElapsedTime(_activated) < GatewayRegistration.Renewal);
        var free = from.MayCut && !certain ? options.Value.NumbersReserved : 0;
        if (Resumption.Furthest(known) is not { } edge)
        {
            var next = NextNumber();
            next = certain ? next : next with { FirstMsn = Math.Max(next.FirstMsn, state.State.ReservedMsn) + free };
            return _boundOf == from ? next : KeepFree(from, next);   // the entry's other renditions move the numbers on while this one waits
        }

        return KeepFree(from, Resumption.At(certain ? edge : edge with
        {
            PartsSent = true,
            End90k = Math.Max(edge.End90k, edge.Start90k + (long)options.Value.SegmentDuration.TotalMilliseconds * 90),
        }, free));
    }

    // Beside other renditions too no number is begun that somebody may have listed of the lost source.
    Resumption KeepFree(PublishSlot lost, Resumption at)
    {
        (_boundOf, _ownNextMsn) = (lost, Math.Max(_ownNextMsn, at.FirstMsn));
        return at;
    }

    // Nobody is on air. The timeline follows the wall clock while the stream waits.
    async Task<Resumption> AfterTheLast()
    {
        var now90k = (long)(time.GetUtcNow() - (state.State.Origin == default ? time.GetUtcNow() : state.State.Origin) + Lead).TotalMilliseconds * 90;
        var at = _unsettled is { } lost ? await AfterLost(lost) : NextNumber();
        at = at.FirstMsn < _leastMsn || (at.FirstMsn < _nextMsn && state.State.Renditions.Length > 0) ? NextNumber() : at;   // other renditions came further
        var start90k = Math.Max(at.Start90k, now90k);
        return at with
        {
            StartsDiscontinuity = state.State.Begun,
            Start90k = start90k,
            GapStart90k = start90k - (at.Start90k - at.GapStart90k),
            Time = null,
        };
    }

    Resumption NextNumber() => new(_nextMsn, state.State.DiscontinuitySequence, state.State.Begun, _end90k);

    // No discontinuity where both timelines are one, and where what is kept reaches back to the place.
    Resumption Align(PublishSlot from, PublishSlot next, Resumption at)
    {
        var start90k = at.Gaps > 0 ? at.GapStart90k : at.Start90k;
        var offset = from.Place.Shift90k is not { } shift ? null
            : from == next ? shift
            : TimelineAlignment.Find(from.Place, shift, next.Place);
        return offset is { } known && next.Place.Kept90k + known <= start90k + Tolerance90k
            ? at.Aligned(known) with { RunStart90k = from.Last?.RunStart90k }
            : at with { StartsDiscontinuity = state.State.Begun };
    }

    bool IsAligned(PublishSlot slot) =>
        OnAir is { Place.Shift90k: { } shift } source && source != slot && TimelineAlignment.Find(source.Place, shift, slot.Place) is not null;

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: {Reason}: from node {From} to slot {Slot} at node {Node}, from segment {Msn}, aligned {Aligned}, gaps {Gaps}")]
    partial void LogSwitched(string stream, SwitchReason reason, string from, int slot, string node, long msn, bool aligned, int gaps);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: slot {Slot} moved from node {From} to node {Node}")]
    partial void LogTransferred(string stream, int slot, string from, string node);
}
