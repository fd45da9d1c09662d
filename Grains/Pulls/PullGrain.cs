using Microsoft.Extensions.Logging;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.Pulls;

/// <inheritdoc cref="IPullGrain"/>
/// <remarks>
/// Every second it looks at its node. A dead one is replaced by the backup at once, in the same slot, which the stream's grain takes from whoever does
/// not answer. A draining one goes on until the stream has moved to the new node, in the same slot as well (<see cref="ILiveStreamGrain.Transfer"/>). Epochs shut out a node that was thought dead and was not.
/// </remarks>
[GrainType("pull")]
public sealed partial class PullGrain(
    [PersistentState("pull", GrainStorageName.Tributary)] IPersistentState<PullGrainState> state,
    NodeDirectory directory,
    TimeProvider time,
    ILogger<PullGrain> log) : Grain, IPullGrain
{
    static readonly TimeSpan Check = TimeSpan.FromMilliseconds(500);

    /// <summary>A node that pulls reports every second: without a word for this long it is told again, as it may have been started anew.</summary>
    static readonly TimeSpan Unheard = TimeSpan.FromSeconds(3);

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    IGrainTimer? _timer;
    PullReport? _report;
    long _heard;
    bool _busy;

    string Name => this.GetPrimaryKeyString();

    PullGrainState Stored => state.State;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _heard = time.GetTimestamp();
        Watch();
        return Task.CompletedTask;
    }

    public async Task<PullDescription?> Start(PullSource source)
    {
        if (Stored.Source != source)
        {
            if (Stored.Source is null && !await Catalog.Add(Name))
            {
                return null;
            }

            Stored.Source = source;
            if (Stored.Primary.Length > 0)
            {
                (Stored.Epoch, _report) = (Stored.Epoch + 1, null);
            }

            await state.WriteStateAsync();
            Watch();
            await LookAfterNode(anew: true);
        }

        return Description();
    }

    public async Task<bool> Stop()
    {
        if (Stored.Source is null)
        {
            return false;
        }

        string[] nodes = [Stored.Primary, Stored.Leaving];
        (Stored.Source, Stored.Primary, Stored.Backup, Stored.Leaving, _report) = (null, "", "", "", null);
        Stored.Epoch++;
        await state.WriteStateAsync();
        await Catalog.Remove(Name);
        LogStopped(Name);
        await Task.WhenAll(nodes.Where(node => node.Length > 0).Select(node => Tell(node, null)));
        return true;
    }

    public async Task<PullOrder> Report(PullReport report)
    {
        if (Stored.Source is null || (report.Epoch != Stored.Epoch && (Stored.Leaving.Length == 0 || report.Node != Stored.Leaving)))
        {
            return PullOrder.Stop;
        }

        if (report.Epoch != Stored.Epoch)
        {
            return PullOrder.GoOn;   // it leaves, but is needed until the other's frames come
        }

        (_report, _heard) = (report, time.GetTimestamp());
        if (Stored.Leaving is { Length: > 0 } former && report.State == PullState.Streaming && await HasMovedFrom(former) && Stored.Leaving == former)
        {
            Stored.Leaving = "";
            await state.WriteStateAsync();
            await Tell(former, null);
        }

        return PullOrder.GoOn;
    }

    public Task Tend() => Task.CompletedTask;

    public Task<PullDescription?> Describe() => Task.FromResult(Description());

    ILiveStreamGrain Stream => GrainFactory.GetGrain<ILiveStreamGrain>(Name);

    IPullCatalogGrain Catalog => GrainFactory.GetGrain<IPullCatalogGrain>(0);

    void Watch() => _timer ??= this.RegisterGrainTimer(() => LookAfterNode(anew: false), new GrainTimerCreationOptions(Check, Check) { Interleave = true });

    async Task LookAfterNode(bool anew)
    {
        if (Stored.Source is null)
        {
            _timer?.Dispose();
            _timer = null;
            DeactivateOnIdle();
            return;
        }

        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            var nodes = await directory.List();
            await Choose(nodes);
            if (Stored.Primary.Length > 0 && (anew || time.GetElapsedTime(_heard) > Unheard))
            {
                _heard = time.GetTimestamp();
                await Tell(Stored.Primary, Stored.Source);
            }
        }
        finally
        {
            _busy = false;
        }
    }

    PullDescription? Description() => Stored.Source is not { } source ? null : new PullDescription
    {
        Name = Name,
        Source = source,
        State = Stored.Primary.Length == 0 ? PullState.Unassigned : _report?.State ?? PullState.Connecting,
        Primary = Stored.Primary,
        Backup = Stored.Backup,
        Leaving = Stored.Leaving,
        Epoch = Stored.Epoch,
        Since = Stored.Since,
        Why = Stored.Why,
        Trouble = _report?.Trouble ?? "",
        Attempts = _report?.Attempts ?? 0,
    };

    [LoggerMessage(LogLevel.Information, "Pull {Name} was stopped")]
    partial void LogStopped(string name);
}
