using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;
using Tributary.Grains.VodEntries;

namespace Tributary.Grains.Recordings;

/// <inheritdoc cref="IRecordingGrain"/>
/// <remarks>
/// While the stream is on air it looks at the recorder's node twice a second: a dead or draining one is replaced, and the next one goes on where the
/// checkpoint stands; what both have is played once. Epochs shut out a recorder that was thought dead and was not.
/// </remarks>
[GrainType("recording")]
public sealed partial class RecordingGrain(
    [PersistentState("recording", GrainStorageName.Tributary)] IPersistentState<RecordingGrainState> state,
    NodeDirectory directory,
    IOptions<RecordingOptions> options,
    IOptions<DvrOptions> dvr,
    TimeProvider time,
    ILogger<RecordingGrain> log) : Grain, IRecordingGrain
{
    static readonly TimeSpan Check = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    static readonly TimeSpan CheckpointEvery = TimeSpan.FromSeconds(5);

    IGrainTimer? _timer;
    RecorderReport? _report;
    long _heard;
    long _checkpointed;

    string Stream => this.GetPrimaryKeyString();

    RecordingGrainState Stored => state.State;

    RecordingMode Mode => options.Value.ModeOf(Stream) is var configured && Stored.Commanded && configured == RecordingMode.Off
        ? RecordingMode.PerSession
        : configured;

    TimeSpan Rewind => dvr.Value.WindowOf(Stream);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _heard = time.GetTimestamp();
        Watch();
        return Task.CompletedTask;
    }

    Task IRecordingGrain.StreamChanged(StreamState state, long nextMsn) => Turn(state, nextMsn);

    public Task Tend()
    {
        Watch();
        return Task.CompletedTask;
    }

    public Task<bool> IsWanted() => Task.FromResult(Wants || Stored.Node.Length > 0 || Stored.Commanded);

    public Task<RecordingDescription> Start() => StartFrom(-1);

    public async Task<RecordingDescription> StartFrom(long msn)
    {
        (Stored.Commanded, Stored.Stopped) = (true, false);
        await state.WriteStateAsync();
        var live = GrainFactory.GetGrain<ILiveStreamGrain>(Stream);
        await live.LookAfterRecording();
        var stream = await live.Describe();
        var from = msn >= 0 ? Math.Min(msn, stream.NextMsn) : stream.NextMsn;
        await Turn(stream.State, from);
        if (stream.State == StreamState.Live && !Stored.IsRecording)
        {
            await BeginEntry(from);
            await Assign("recording was commanded", Stored.Node);
        }

        Watch();
        return Description();
    }

    public async Task<RecordingDescription> Stop()
    {
        (Stored.Commanded, Stored.Stopped) = (false, true);
        await EndEntry("it was commanded");
        return Description();
    }

    public async Task<RecorderOrder> Report(RecorderReport report)
    {
        foreach (var volumes in report.Volumes.GroupBy(volume => volume.Entry))
        {
            await GrainFactory.GetGrain<IVodEntryGrain>(volumes.Key).Put([.. volumes]);
        }

        if (report.Epoch != Stored.Epoch || report.Node != Stored.Node)
        {
            return RecorderOrder.Stop;
        }

        (_report, _heard) = (report, time.GetTimestamp());
        Stored.NextMsn = Math.Max(Stored.NextMsn, report.NextMsn);
        if (report.State == RecorderState.Finished)
        {
            _asked = 0;
            await AskStream();
            await Finish();
        }
        else if (time.GetElapsedTime(_checkpointed) > CheckpointEvery)
        {
            _checkpointed = time.GetTimestamp();
            await state.WriteStateAsync();
        }

        return RecorderOrder.GoOn;
    }

    public Task<RecordingDescription> Describe() => Task.FromResult(Description());

    bool IsLive => Stored.State != StreamState.OffAir;

    bool Wants => Stored.IsRecording || Rewind > TimeSpan.Zero;

    RecordingDescription Description() => new()
    {
        Stream = Stream,
        Mode = Stored.Stopped ? RecordingMode.Off : Mode,
        State = !Wants || Stored.Node.Length == 0 && !IsLive ? RecorderState.Idle : _report?.State ?? RecorderState.Starting,
        Entry = Stored.Entry,
        Node = Stored.Node,
        Trouble = _report?.Trouble ?? "",
        Rewind = Rewind,
        RewindNodes = [.. Stored.RewindNodes],
        Epoch = Stored.Epoch,
        NextMsn = Stored.NextMsn,
        IsRecording = Stored.IsRecording,
    };
}
