using Microsoft.Extensions.Logging;

namespace Tributary.Grains.LiveStreams;

// Several renditions of one entry: each has its own stream and slots, the entry has the timeline. The entry is the stream of the first rendition.
public sealed partial class LiveStreamGrain
{
    static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan EntryTimeout = TimeSpan.FromSeconds(2);

    RenditionLadder _ladder = null!;
    IGrainTimer? _joining;
    bool _hadRenditions;
    long _ownNextMsn;   // of this rendition's sources alone; the entry's numbering is that of all

    (string Entry, int Rendition) Identity => RenditionName.Split(Name);

    bool IsEntry => Identity.Rendition == RenditionName.First;

    bool AwaitsRenditions => _hadRenditions && time.GetElapsedTime(_activated) < options.Value.DoubtAfter;

    public async Task<RenditionAnswer> PlaceRendition(RenditionReport report)
    {
        if (report.Rendition is < RenditionName.First or > RenditionName.Last)
        {
            return new RenditionAnswer(RenditionOutcome.Waits);
        }

        await Know(report.Rendition);
        if (report.Candidate is { } candidate)
        {
            return await Place(report, candidate);
        }

        if (report.OnAir is not { } last)
        {
            _ladder.Gone(report.Rendition);
            await HoldUnlessOnAir();
            return new RenditionAnswer(RenditionOutcome.Accepted);
        }

        _ladder.Note(report.Rendition, last);
        await Advance(last);
        if (state.State.State != StreamState.Live)
        {
            Enter(StreamState.Live, time.GetUtcNow());
            await Store();
            await Announce();
        }

        return new RenditionAnswer(_ladder.IsAstray(report.Rendition) ? RenditionOutcome.Astray : RenditionOutcome.Accepted);
    }

    async Task Know(int rendition)
    {
        if (_ladder.Know(rendition) && rendition != RenditionName.First && !state.State.Renditions.Contains(rendition))
        {
            state.State.Renditions = [.. state.State.Renditions.Append(rendition).Order()];
            state.State.Version++;
            await Store();
            await Announce();
        }
    }

    async Task<RenditionAnswer> Place(RenditionReport report, SourcePlace candidate)
    {
        // An activation that is younger than the renditions waits to hear them before it lets one begin a timeline of its own.
        var isWaitedFor = AwaitsRenditions && !_ladder.HasOthers(report.Rendition);
        var (outcome, at) = isWaitedFor ? (RenditionOutcome.Waits, null) : _ladder.Join(report.Rendition, candidate, report.FirstFree);
        if (outcome != RenditionOutcome.Leads)
        {
            return new RenditionAnswer(outcome) { At = at };
        }

        _ladder.Promise(report.Rendition);
        return new RenditionAnswer(outcome) { At = report.Rendition == RenditionName.First ? null : await FirstPlace(report.FirstFree) };
    }

    // Another rendition than the entry's own begins: with the entry's numbers, which are written down before they are given.
    async Task<RenditionStart> FirstPlace(long firstFree)
    {
        var at = await AfterTheLast();
        _nextMsn = Math.Max(at.FirstMsn, firstFree);
        var stored = state.State;
        stored.Origin = stored.Origin == default ? time.GetUtcNow() : stored.Origin;
        stored.ReservedMsn = Math.Max(stored.ReservedMsn, _nextMsn + options.Value.NumbersReserved);
        Enter(StreamState.Live, time.GetUtcNow());
        await Store();
        await Announce();
        return new RenditionStart
        {
            Msn = _nextMsn,
            DiscontinuitySequence = at.DiscontinuitySequence + (at.StartsDiscontinuity ? 1 : 0),
            StartsDiscontinuity = at.StartsDiscontinuity,
            Start90k = at.Start90k,
            TargetDuration = stored.TargetDuration,
        };
    }

    async Task HoldUnlessOnAir()
    {
        if (state.State.Renditions.Length > 0 && OnAir is null && state.State.State == StreamState.Live && !_ladder.HasOthers(RenditionName.First))
        {
            Enter(StreamState.Held, time.GetUtcNow());
            await Store();
            await Announce();
        }
    }

    Task AdvanceOwn(SourceReport report)
    {
        _ownNextMsn = Math.Max(_ownNextMsn, report.NextMsn);
        return Advance(report);
    }

    /// <summary>Puts a source on air where nobody is: first of all renditions, or beside the others. False: it waits, and is tried again.</summary>
    async Task<bool> TryBegin(PublishSlot slot)
    {
        var at = await AfterTheLast();
        return await TryJoin(slot, at, _ownNextMsn) is { } placed ? await Begin(slot, placed) : Wait();
    }

    async Task<bool> Begin(PublishSlot slot, Resumption at)
    {
        _joining?.Dispose();
        _joining = null;
        await Grant(slot, at);
        return true;
    }

    bool Wait()
    {
        _joining ??= this.RegisterGrainTimer(CompleteChange, AskAgain, AskAgain);
        return false;
    }

    // Where the source goes on: as it would alone, or where the other renditions are. Null: they are on air, and it cannot join them yet.
    async Task<Resumption?> TryJoin(PublishSlot slot, Resumption alone, long firstFree)
    {
        var answer = await AskEntry(new RenditionReport { Rendition = Identity.Rendition, Candidate = slot.Place, FirstFree = firstFree });
        return answer.Outcome switch
        {
            RenditionOutcome.Leads when answer.At is null => alone,
            RenditionOutcome.Leads or RenditionOutcome.Follows when answer.At is { } at => Resumption.At(at),
            _ => null,
        };
    }

    // The entry hears what a rendition does. False: its segments are not those of the others, and it was stopped.
    async Task<bool> TellEntry(PublishSlot slot, SourceReport report)
    {
        if (IsEntry && !_ladder.HasOthers(RenditionName.First))
        {
            _ladder.Note(RenditionName.First, report);
            return true;
        }

        var answer = await AskEntry(new RenditionReport { Rendition = Identity.Rendition, OnAir = report });
        if (answer.Outcome != RenditionOutcome.Astray)
        {
            return true;
        }

        LogAstray(Name, report.OpenMsn);
        await Stop(slot);
        await LeaveAirAndWait(slot);
        return false;
    }

    async Task LeaveAirAndWait(PublishSlot slot)
    {
        _unsettled = slot.OnAir ? slot : null;   // one that stopped when it was told to has said all
        slot.LeaveAir();
        state.State.OnAir = null;
        await TellGone();
        Enter(IsEntry && _ladder.HasOthers(RenditionName.First) ? StreamState.Live : StreamState.Held, time.GetUtcNow());
        await Store();
        await Announce();
        Wait();
    }

    async Task TellGone()
    {
        if (IsEntry)
        {
            _ladder.Gone(RenditionName.First);
        }
        else
        {
            await AskEntry(new RenditionReport { Rendition = Identity.Rendition });
        }
    }

    // While the entry does not answer, what is on air goes on, and what is not waits.
    async Task<RenditionAnswer> AskEntry(RenditionReport report)
    {
        if (IsEntry)
        {
            return await PlaceRendition(report);
        }

        try
        {
            return await GrainFactory.GetGrain<ILiveStreamGrain>(Identity.Entry).PlaceRendition(report).WaitAsync(EntryTimeout, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogEntrySilent(Name, exception.Message);
            return new RenditionAnswer(report.OnAir is null ? RenditionOutcome.Waits : RenditionOutcome.Accepted);
        }
    }

    RenditionDescription[] DescribeRenditions() => state.State.Renditions.Length == 0 ? [] :
    [
        .. state.State.Renditions.Prepend(RenditionName.First).Select(number => new RenditionDescription(
            number, _ladder.IsOnAir(number), _ladder.Leading == number, _ladder.Last(number)?.Health.Tracks ?? [])),
    ];

    [LoggerMessage(LogLevel.Warning, "Stream {Stream}: segment {Msn} does not begin where that of the entry's other renditions does; it stops, and joins them again")]
    partial void LogAstray(string stream, long msn);

    [LoggerMessage(LogLevel.Warning, "Stream {Stream}: its entry does not answer ({Why})")]
    partial void LogEntrySilent(string stream, string why);
}
