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
}
