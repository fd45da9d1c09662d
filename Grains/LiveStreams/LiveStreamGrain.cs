using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Storage;
using Tributary.Grains.Recordings;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.LiveStreams;

/// <inheritdoc cref="ILiveStreamGrain"/>
/// <remarks>
/// A lease changes hands in three steps: the numbering is moved on and written down, then the new holder is told, then the gateways are. A
/// host that reports under an older epoch is told to stop. An activation that lost its memory learns it anew from what was written and from
/// the next report.
/// </remarks>
[GrainType("live-stream")]
public sealed partial class LiveStreamGrain(
    [PersistentState("live-stream", GrainStorageName.Tributary)] IPersistentState<LiveStreamState> state,
    IOptions<LiveStreamOptions> options,
    IOptions<RecordingOptions> recording,
    IOptions<DvrOptions> dvr,
    TimeProvider time,
    ILocalSiloDetails silo,
    ILogger<LiveStreamGrain> log) : Grain, ILiveStreamGrain
{
    // A timeline begins above zero: the first pictures are decoded before they are shown, and no container has negative decoding times.
    static readonly TimeSpan Lead = TimeSpan.FromSeconds(10);

    // Primary and backup, and while the stream moves, the successor of one of them.
    readonly PublishSlot?[] _slots = new PublishSlot?[3];
    GatewayWatch _gateways = null!;
    StreamDirective _directive = null!;
    long _nextMsn;
    long _end90k;
    bool _catalogBehind;
    Task _listing = Task.CompletedTask;
    bool _unwritten;

    string Name => this.GetPrimaryKeyString();

    PublishSlot? OnAir => Array.Find(_slots, slot => slot is { OnAir: true });

    PublishSlot? Find(Guid session) => Array.Find(_slots, slot => slot?.Request.Session == session);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _gateways = new GatewayWatch(NodeStateOf, time, log);
        _ladder = new RenditionLadder(options.Value.DoubtAfter, options.Value.SegmentDuration, time);
        (_activated, _begunElsewhere) = (time.GetTimestamp(), state.State.State != StreamState.OffAir);
        _looked = _activated;
        _nextMsn = IsEntry ? state.State.ReservedMsn : 0;   // a rendition's numbers are reserved by its entry
        _directive = Written();
        if (state.State is { State: StreamState.Live, OnAir: { } request })
        {
            _slots[request.Slot] = new PublishSlot(request, publisher: null, time) { OnAir = true };
        }

        _hadRenditions = state.State is { State: StreamState.Live, Renditions.Length: > 0 };
        this.RegisterGrainTimer(CheckSources, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // With no source, a planned end (idle, migration, shutdown) gives the unused numbers back: numbering goes on without a hole.
        if (OnAir is null && !_ladder.HasOthers(Identity.Rendition) && state.State.ReservedMsn > _nextMsn && reason.ReasonCode != DeactivationReasonCode.ApplicationError)
        {
            state.State.ReservedMsn = _nextMsn;
            await state.WriteStateAsync(cancellationToken);
        }
    }

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

    public async Task<StreamDirective> Watch(GatewayRegistration registration, ILiveStreamObserver observer)
    {
        _gateways.Register(registration, observer);
        if (registration.LostNode.Length > 0)
        {
            await Doubt(registration.LostNode);
        }

        return _directive;
    }

    public Task Unwatch(string gateway)
    {
        _gateways.Forget(gateway);
        return Task.CompletedTask;
    }

    public Task<LiveStreamDescription> Describe() => Task.FromResult(new LiveStreamDescription
    {
        Name = Name,
        State = state.State.State,
        Since = state.State.Since,
        Epoch = state.State.Epoch,
        NextMsn = _nextMsn,
        DiscontinuitySequence = state.State.DiscontinuitySequence,
        Slots = [.. _slots.OfType<PublishSlot>().OrderByDescending(slot => slot.OnAir).Select(slot => slot.Describe(IsAligned(slot)))],
        Gateways = _gateways.Names,
        Viewers = _gateways.Viewers,
        LastEnd = state.State.LastEnd,
        Owner = silo.SiloAddress.ToString(),
        LastSwitch = state.State.LastSwitch,
        TransferTo = state.State.Transfer?.Node ?? "",
        Renditions = DescribeRenditions(),
    });

    async Task<NodeState> NodeStateOf(string gateway) =>
        (await GrainFactory.GetGrain<IServerNodeGrain>(GatewayRegistration.NodeOf(gateway)).Describe()).State;

    static bool IsOfAnEarlierRun(PublishSlot held, PublishRequest request) =>
        held.Request.Node == request.Node && held.Request.NodeRun != request.NodeRun;

    // A silent encoder, or one whose host does not answer, gives way; one that still sends does not.
    async Task<bool> GivesWay(PublishSlot held)
    {
        if (held.Publisher is null)
        {
            return held.Unheard >= options.Value.TakeoverAfterSilence;
        }

        return await SilenceOf(held) is not { } silence || silence >= options.Value.TakeoverAfterSilence;
    }

    // Null: its host does not answer.
    async Task<TimeSpan?> SilenceOf(PublishSlot slot)
    {
        try
        {
            return await slot.Publisher!.Silence().WaitAsync(options.Value.SettleTimeout, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogHostSilent(Name, slot.Request.Node, exception.Message);
            return null;
        }
    }

    // Where the hosts of the others do not answer either, it is this silo that is cut off: what goes on without it goes on.
    async Task<bool> IsCutOff(PublishSlot from)
    {
        var others = _slots.Where(slot => slot?.Publisher is not null && slot.Request.Node != from.Request.Node).ToArray();
        var silences = await Task.WhenAll(others.Select(slot => SilenceOf(slot!)));
        return silences.Length > 0 && silences.All(silence => silence is null);
    }

    async Task CheckSources()
    {
        var now = time.GetUtcNow();
        _gateways.Expire();
        if (_catalogBehind && _listing.IsCompleted)
        {
            await List();
        }

        if (OnAir is { } source && source.Unheard > options.Value.DoubtAfter && Candidate() is not null)
        {
            await Doubt(source.Request.Node);
        }

        foreach (var slot in _slots)
        {
            if (slot is not null && slot.Unheard > options.Value.ReportTimeout && await GivesWay(slot) && !await IsCutOff(from: slot) && _slots.Contains(slot))
            {
                await EndSlot(slot, PublishEnd.Silent, SwitchReason.HostLost);
            }
        }

        _ladder.Expire(options.Value.ReportTimeout);
        await HoldUnlessOnAir();
        await CompleteChange();
        await CheckOrders(now);
        _ = CheckRecording();   // nobody waits for it: its grain may be asking this one
        if (_unwritten && OnAir is null)
        {
            await Store();   // that nobody is on air: no report comes to write it with
            await Announce();
        }

        if (state.State.State == StreamState.Held && now - state.State.Since >= options.Value.Hold)
        {
            Enter(StreamState.OffAir, now);
            state.State.TargetDuration = 0;
            state.State.Renditions = [];
            _ladder.Clear();
            await Store();
            LogOffAir(Name);
            await Announce();
        }
        else if (state.State.State == StreamState.OffAir && _gateways.Names.Length == 0 && Array.TrueForAll(_slots, slot => slot is null))
        {
            DeactivateOnIdle();
        }
    }

    // What could not be written is written with the next report: numbers that only this activation knows to be reserved are not reserved. An activation
    // whose state somebody else wrote (or it itself, and never heard so) can write no more: the next one reads what is there.
    async Task Store()
    {
        _unwritten = true;
        try
        {
            await state.WriteStateAsync();
        }
        catch (InconsistentStateException)
        {
            DeactivateOnIdle();
            throw;
        }

        _unwritten = false;
        _directive = Written();
    }

    void Enter(StreamState next, DateTimeOffset now)
    {
        state.State.State = next;
        state.State.Since = now;
        state.State.Version++;
    }

    PublishAnswer AnswerOf(PublishSlot slot) => new()
    {
        Outcome = slot.Lease is null ? PublishOutcome.Standby : PublishOutcome.OnAir,
        Lease = slot.Lease,
        SyncPoints = state.State.SyncPoints,
    };

    static PublishAnswer Refusal(PublishRefusalReason reason, string sentence) =>
        new() { Outcome = PublishOutcome.Refused, Reason = reason, Sentence = sentence };

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: slot {Slot} on air from {Encoder} at node {Node}, epoch {Epoch}, first segment {Msn}")]
    partial void LogGranted(string stream, int slot, string encoder, string node, long epoch, long msn);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: slot {Slot} goes on under epoch {Epoch} at segment {Msn}: its grain was activated anew")]
    partial void LogRenewed(string stream, int slot, long epoch, long msn);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: slot {Slot} on standby from {Encoder} at node {Node}")]
    partial void LogStandby(string stream, int slot, string encoder, string node);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: slot {Slot} from {Encoder} at node {Node} waits for its place beside the entry's other renditions")]
    partial void LogJoins(string stream, int slot, string encoder, string node);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: standby in slot {Slot} ended ({End})")]
    partial void LogStandbyEnded(string stream, int slot, PublishEnd end);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: source in slot {Slot} from {Encoder} ended ({End}); the next segment is {Msn}")]
    partial void LogEnded(string stream, int slot, string encoder, PublishEnd end, long msn);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: {Reason}: from node {From} to slot {Slot} at node {Node}, from segment {Msn}, aligned {Aligned}, gaps {Gaps}")]
    partial void LogSwitched(string stream, SwitchReason reason, string from, int slot, string node, long msn, bool aligned, int gaps);

    [LoggerMessage(LogLevel.Information, "Stream {Stream}: slot {Slot} moved from node {From} to node {Node}")]
    partial void LogTransferred(string stream, int slot, string from, string node);

    [LoggerMessage(LogLevel.Information, "Stream {Stream} went off air: nobody published again in time")]
    partial void LogOffAir(string stream);

    [LoggerMessage(LogLevel.Warning, "Stream {Stream} could not enter itself in the catalog ({Why}); it tries again")]
    partial void LogCatalogBehind(string stream, string why);

    [LoggerMessage(LogLevel.Warning, "Stream {Stream}: node {Node} does not answer for its publisher ({Why})")]
    partial void LogHostSilent(string stream, string node, string why);
}
