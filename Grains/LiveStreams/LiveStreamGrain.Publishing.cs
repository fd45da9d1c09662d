using Microsoft.Extensions.Logging;

namespace Tributary.Grains.LiveStreams;

// Encoders come, report, and go.
public sealed partial class LiveStreamGrain
{
    public async Task<PublishAnswer> Publish(PublishRequest request, IPublisherObserver publisher)
    {
        if (request.Slot is < 0 or > 1)
        {
            return Refusal(PublishRefusalReason.NoSuchSlot, $"Stream '{Name}' has slots 0 (primary) and 1 (backup), not {request.Slot}.");
        }

        if (Find(request.Session) is { } known)
        {
            return AnswerOf(known);
        }

        if (_slots[request.Slot] is { } held)
        {
            if (IsSuccessor(request, held))
            {
                return await TakeSuccessor(request, publisher);
            }

            var isOver = IsOfAnEarlierRun(held, request);
            if (!isOver && !await GivesWay(held))
            {
                return Refusal(PublishRefusalReason.AlreadyPublishing, $"Stream '{Name}' is already being published from {held.Request.Encoder}.");
            }

            held.MayCut &= !isOver;
            await EndSlot(held, PublishEnd.Replaced, SwitchReason.Silent);
        }

        var slot = _slots[request.Slot] = new PublishSlot(request, publisher, time);
        if (OnAir is { } other && other != slot)
        {
            LogStandby(Name, request.Slot, request.Encoder, request.Node);
            return AnswerOf(slot);
        }

        if (!await TryBegin(slot))
        {
            LogJoins(Name, request.Slot, request.Encoder, request.Node);
        }

        return AnswerOf(slot);
    }

    public async Task<ReportAnswer> Report(SourceReport report, IPublisherObserver publisher)
    {
        if (Find(report.Session) is not { } slot && !TryAdopt(report, out slot))
        {
            return new ReportAnswer { Outcome = ReportOutcome.Superseded };
        }

        slot!.Heard(report, publisher);
        if (!slot.OnAir)
        {
            await ConsiderSwitch();
            return new ReportAnswer { Outcome = report.Epoch == 0 || slot.OnAir ? ReportOutcome.Accepted : ReportOutcome.Superseded };
        }

        if (report.Yielded && IsOfItsLease(report))
        {
            await GoOnAfterYield(slot);
            return new ReportAnswer { Outcome = ReportOutcome.Accepted, Epoch = report.Epoch };
        }

        if (report.Epoch < (slot.Lease?.Epoch ?? 1))
        {
            // The grant is still on its way, or was lost: say it again.
            _ = publisher.Granted(slot.Lease ?? await Grant(slot, await AfterLost(slot)));
            return new ReportAnswer { Outcome = ReportOutcome.Accepted, Epoch = report.Epoch };
        }

        if (!slot.Confirmed)
        {
            _nextMsn = report.NextMsn;   // the holder knows; the reserved number was for the case that nobody does
            await Renew(slot);
        }

        await AdvanceOwn(report);
        if (await TellEntry(slot, report))
        {
            await ConsiderSwitch();
        }

        return new ReportAnswer { Outcome = ReportOutcome.Accepted, Epoch = state.State.Epoch };
    }

    public async Task<bool> Unpublish(SourceReport last, PublishEnd end)
    {
        if (Find(last.Session) is not { } slot)
        {
            return OnAir is not null;   // it was replaced before
        }

        if (slot.OnAir && IsOfItsLease(last))
        {
            slot.Heard(last);
            slot.MayCut = false;
            await AdvanceOwn(last);
        }

        return await EndSlot(slot, end, end == PublishEnd.NodeStopping ? SwitchReason.Drain : SwitchReason.SourceEnded);
    }

    static bool IsOfAnEarlierRun(PublishSlot held, PublishRequest request) =>
        held.Request.Node == request.Node && held.Request.NodeRun != request.NodeRun;

    PublishAnswer AnswerOf(PublishSlot slot) => new()
    {
        Outcome = slot.Lease is null ? PublishOutcome.Standby : PublishOutcome.OnAir,
        Lease = slot.Lease,
        SyncPoints = state.State.SyncPoints,
    };

    static PublishAnswer Refusal(PublishRefusalReason reason, string sentence) =>
        new() { Outcome = PublishOutcome.Refused, Reason = reason, Sentence = sentence };

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: slot {Slot} on standby from {Encoder} at node {Node}")]
    partial void LogStandby(string stream, int slot, string encoder, string node);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: slot {Slot} from {Encoder} at node {Node} waits for its place beside the entry's other renditions")]
    partial void LogJoins(string stream, int slot, string encoder, string node);
}
