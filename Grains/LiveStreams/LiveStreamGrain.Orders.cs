namespace Tributary.Grains.LiveStreams;

// What operators, nodes and the policy ask for.
public sealed partial class LiveStreamGrain
{
    public Task<SwitchAnswer> Switch(int slot) => Task.FromResult(
        slot is < 0 or > 1 ? Refused($"Stream '{Name}' has slots 0 (primary) and 1 (backup), not {slot}.")
        : OnAir is not { } source ? Refused($"Stream '{Name}' has no source.")
        : source.Request.Slot == slot ? Done($"Slot {slot} is on air already.")
        : _slots[slot] is not { } target ? Refused($"Nobody publishes slot {slot} of stream '{Name}'.")
        : !target.IsReady ? Refused($"The source in slot {slot} of stream '{Name}' is not ready ({(target.Fault == SourceFault.None ? "no key frame yet" : target.Fault)}).")
        : Planned(target, SwitchReason.Command));

    public async Task<SwitchAnswer> Transfer(string node)
    {
        if (OnAir is not { } source)
        {
            return Refused($"Stream '{Name}' has no source.");
        }

        if (source.Request.Node == node)
        {
            return Done($"Stream '{Name}' is at node {node} already.");
        }

        if (Array.Find(_slots, slot => slot is { OnAir: false, IsReady: true } && slot.Request.Node == node) is { } there)
        {
            return Planned(there, SwitchReason.Transfer);
        }

        await ExpectSuccessor(source.Request.Slot, node);
        return new SwitchAnswer
        {
            Outcome = SwitchOutcome.Pending,
            Sentence = $"Publish slot {source.Request.Slot} of stream '{Name}' at node {node}: it goes on air there, and then the source at {source.Request.Node} is ended.",
        };
    }

    public async Task<bool> ExpectSuccessor(int slot, string node)
    {
        if (slot is < 0 or > 1 || _slots[slot] is not { } held || held.Request.Node == node)
        {
            return false;
        }

        state.State.Transfer = new TransferOrder(slot, node, time.GetUtcNow() + options.Value.TransferWait);
        await Store();
        return true;
    }

    public Task<Vacancy> Vacate(string node)
    {
        if (OnAir is not { } source || source.Request.Node != node)
        {
            return Task.FromResult(Vacancy.Vacant);
        }

        if (_planned is null && Candidate(except: node) is { } next)
        {
            Plan(next, SwitchReason.Drain);
        }

        return Task.FromResult(Array.Exists(_slots, slot => slot is not null && slot.Request.Node != node) ? Vacancy.Moving : Vacancy.Staying);
    }

    // Their sessions say good-bye themselves: the slots are theirs until then.
    public async Task Evict()
    {
        foreach (var slot in _slots.OfType<PublishSlot>())
        {
            _ = slot.Publisher?.Revoked(0, PublishEnd.Operator, goesOn: false);
        }

        await Task.WhenAll(OtherRenditions().Select(rendition => rendition.Evict()));
    }

    public async Task EmitSyncPoints(SyncPointOrder order)
    {
        state.State.SyncPoints = order;
        await Store();
        foreach (var slot in _slots.OfType<PublishSlot>())
        {
            _ = slot.Publisher?.EmitSyncPoints(order);
        }

        await Task.WhenAll(OtherRenditions().Select(rendition => rendition.EmitSyncPoints(order)));
    }

    // Those that an entry has; a rendition has none.
    IEnumerable<ILiveStreamGrain> OtherRenditions() => !IsEntry ? [] : state.State.Renditions.Where(rendition => rendition != RenditionName.First)
        .Select(rendition => GrainFactory.GetGrain<ILiveStreamGrain>(RenditionName.StreamOf(Name, rendition)));

    public async Task Doubt(string node)
    {
        var canGoOn = Array.Exists(_slots, slot => slot?.Publisher is not null && slot.Request.Node != node);
        if (OnAir is not { } source || source.Request.Node != node || !canGoOn)
        {
            return;   // with nobody to go on, a host that was only slow goes on itself
        }

        var isLost = source.Publisher is null
            ? source.Unheard > options.Value.DoubtAfter
            : await SilenceOf(source) is null;
        if (isLost && !await IsCutOff(from: source) && source.OnAir && _slots.Contains(source))
        {
            await EndSlot(source, PublishEnd.HostLost, SwitchReason.HostLost);
        }
    }

    SwitchAnswer Planned(PublishSlot target, SwitchReason reason)
    {
        Plan(target, reason);
        return new SwitchAnswer
        {
            Outcome = SwitchOutcome.Pending,
            Sentence = $"Slot {target.Request.Slot} at node {target.Request.Node} goes on air with the next segment.",
        };
    }

    static SwitchAnswer Done(string sentence) => new() { Outcome = SwitchOutcome.OnAir, Sentence = sentence };

    static SwitchAnswer Refused(string sentence) => new() { Outcome = SwitchOutcome.Refused, Sentence = sentence };

    bool IsSuccessor(PublishRequest request, PublishSlot held) =>
        state.State.Transfer is { } order && order.Slot == request.Slot && order.Node == request.Node && order.Until > time.GetUtcNow()
        && held.Request.Node != request.Node;

    async Task<PublishAnswer> TakeSuccessor(PublishRequest request, IPublisherObserver publisher)
    {
        if (_slots[Successor] is { } earlier)
        {
            await EndSlot(earlier, PublishEnd.Replaced, SwitchReason.None);
        }

        if (_slots[request.Slot] is { OnAir: false } standby)
        {
            // Nobody sees its pictures: it just gives way.
            await EndSlot(standby, PublishEnd.Transferred, SwitchReason.None);
            (_slots[request.Slot], state.State.Transfer) = (new PublishSlot(request, publisher, time), null);
            await Store();
            LogTransferred(Name, request.Slot, standby.Request.Node, request.Node);
            return AnswerOf(_slots[request.Slot]!);
        }

        LogStandby(Name, request.Slot, request.Encoder, request.Node);
        return AnswerOf(_slots[Successor] = new PublishSlot(request, publisher, time));
    }

    async Task CheckOrders(DateTimeOffset now)
    {
        if (_planned is { } plan && time.GetElapsedTime(plan.Began) > plan.Longest && OnAir is { } slow)
        {
            // Its segment does not end, or its word was lost.
            _planned = null;
            if (_slots.Contains(plan.Target) && plan.Target.IsReady)
            {
                await SwitchTo(plan.Target, plan.Reason, slow, hostAnswers: true);
            }
        }

        if (state.State.Transfer is { } order && now > order.Until)
        {
            state.State.Transfer = null;
            await Store();
        }

        if (_planned is null && _slots[0] is { OnAir: false, IsReady: true } primary && OnAir is not null && IsGivenBack(primary))
        {
            Plan(primary, SwitchReason.GiveBack);
        }
    }

    bool IsGivenBack(PublishSlot primary)
    {
        var after = options.Value.GiveBack.GetValueOrDefault(Name, options.Value.GiveBackAfter);
        var wasCommanded = state.State.LastSwitch?.Reason is SwitchReason.Command or SwitchReason.Transfer or SwitchReason.Drain;
        return after > TimeSpan.Zero && !wasCommanded && primary.WellFor >= after && primary.Unheard <= options.Value.DoubtAfter;
    }
}
