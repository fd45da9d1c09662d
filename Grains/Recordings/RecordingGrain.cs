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

    // A recorder reports every second: without a word for this long it is told again, as its node may have been started anew.
    static readonly TimeSpan Unheard = TimeSpan.FromSeconds(3);

    // After the end of a stream its recorder has this long to say that everything is on disk.
    static readonly TimeSpan LastWord = TimeSpan.FromSeconds(10);

    static readonly TimeSpan AskLive = TimeSpan.FromSeconds(2), AskOffAir = TimeSpan.FromSeconds(10), CheckpointEvery = TimeSpan.FromSeconds(5);

    IGrainTimer? _timer;
    RecorderReport? _report;
    long _heard;
    long _asked;
    long _checkpointed;
    bool _busy;

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

    void Watch() => _timer ??= this.RegisterGrainTimer(LookAfter, new GrainTimerCreationOptions(Check, Check) { Interleave = true });

    // The stream's state as its grain tells it, or as it was asked for.
    async Task Turn(StreamState next, long nextMsn)
    {
        var before = Stored.State;
        if (before == next)
        {
            return;
        }

        Stored.State = next;
        if (next == StreamState.OffAir)
        {
            (Stored.EndedAt, _heard) = (time.GetUtcNow(), time.GetTimestamp());
            await state.WriteStateAsync();
        }
        else if (before == StreamState.OffAir)
        {
            (Stored.Stopped, Stored.NextMsn) = (false, nextMsn);
            if (Mode != RecordingMode.Off)
            {
                await BeginEntry(nextMsn);
            }

            if (Wants)
            {
                await Assign("the stream is on air", Stored.Node);
            }
        }
        else
        {
            await state.WriteStateAsync();
            if (next == StreamState.Live && Wants && Stored.Node.Length > 0 && _report is null)
            {
                await Tell(Stored.Node, Assignment());   // after a crash of everything its node knows nothing
            }
        }

        Watch();
    }

    async Task LookAfter()
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            await AskStream();
            if (IsLive && Wants)
            {
                await LookAfterNode();
            }
            else if (!IsLive && Stored.Node.Length > 0 && time.GetElapsedTime(_heard) > LastWord)
            {
                await Finish();   // its recorder is gone; what it wrote is on its disk
            }
            else if (Stored.Node.Length == 0 && !Stored.Commanded)
            {
                _timer?.Dispose();
                _timer = null;
                DeactivateOnIdle();
            }
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or IOException)
        {
            LogTrouble(Stream, exception.Message);   // with the next look
        }
        finally
        {
            _busy = false;
        }
    }

    // Changes are told, but not all of them: a grain that was activated anew, or a stream that nobody configured to be recorded, is asked.
    async Task AskStream()
    {
        if (time.GetElapsedTime(_asked) < (IsLive ? AskLive : AskOffAir))
        {
            return;
        }

        _asked = time.GetTimestamp();
        var stream = await GrainFactory.GetGrain<ILiveStreamGrain>(Stream).Describe().WaitAsync(Patience, time);
        await Turn(stream.State, stream.NextMsn);
        if (Stored.IsRecording && IsLive && await IsFull())
        {
            Stored.Stopped = true;
            await EndEntry("it is as long as it may be (Recording:MaxDuration)");
        }
    }

    async Task<bool> IsFull() =>
        await GrainFactory.GetGrain<IVodEntryGrain>(Stored.Entry).Describe() is not { } entry || entry.Duration >= options.Value.MaxDuration;

    async Task LookAfterNode()
    {
        var nodes = await directory.List();
        var node = nodes.FirstOrDefault(known => known.Name == Stored.Node);
        if (node is not { State: NodeState.Active })
        {
            await Move(nodes, Stored.Node.Length == 0 ? "first choice" : $"node {Stored.Node} is {node?.State.ToString() ?? "unknown"}");
        }
        else if (time.GetElapsedTime(_heard) > Unheard)
        {
            _heard = time.GetTimestamp();
            await Tell(Stored.Node, Assignment());
        }
    }

    async Task Move(IReadOnlyList<NodeDescription> nodes, string why)
    {
        if (Choose(nodes, Stored.Node) is { } next)
        {
            await Assign(why, next, Stored.Node);
        }
    }

    // A silo writes. The one that receives the frames anyway does it for less.
    static string? Choose(IReadOnlyList<NodeDescription> nodes, string except)
    {
        var silos = nodes.Where(node => node.State == NodeState.Active && node.Has("silo") && node.Name != except).ToArray();
        return (silos.FirstOrDefault(node => node.Has("ingest")) ?? NodeDirectory.LeastBusy(silos, "silo"))?.Name;
    }

    async Task Assign(string why, string node, string former = "")
    {
        node = node.Length > 0 ? node : Choose(await directory.List(), "") ?? "";
        Stored.Epoch++;
        (Stored.Node, _heard, _report) = (node, time.GetTimestamp(), null);
        if (Rewind > TimeSpan.Zero && node.Length > 0)
        {
            Stored.RewindNodes = [.. Stored.RewindNodes.Where(other => other != node).Prepend(node).Take(8)];
        }

        await state.WriteStateAsync();
        LogAssigned(Stream, node.Length > 0 ? node : "none", why, Stored.Entry, Stored.Epoch);
        if (node.Length > 0)
        {
            await Tell(node, Assignment());
        }

        if (former.Length > 0 && former != node)
        {
            await Tell(former, Assignment() with { Entry = "", Rewind = TimeSpan.Zero });
        }
    }

    RecordingAssignment Assignment() => new()
    {
        Stream = Stream, Epoch = Stored.Epoch, Entry = Stored.IsRecording ? Stored.Entry : "", Rewind = Rewind, FromMsn = Stored.NextMsn,
    };

    async Task Tell(string node, RecordingAssignment assignment)
    {
        try
        {
            await GrainFactory.GetGrain<IServerNodeGrain>(node).Record(assignment).WaitAsync(Patience, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUntold(Stream, node, exception.Message);   // told again while it does not report
        }
    }

    async Task BeginEntry(long nextMsn)
    {
        if (!await GoesOn())
        {
            (Stored.Entry, Stored.EntryBegan) = (NewId(), time.GetUtcNow());
        }

        (Stored.IsRecording, Stored.NextMsn) = (true, Math.Max(Stored.NextMsn, nextMsn));
        await state.WriteStateAsync();
        await GrainFactory.GetGrain<IVodEntryGrain>(Stored.Entry).Record(Stream, Stream);
    }

    // Whether the last entry is the right one for this session too.
    async Task<bool> GoesOn()
    {
        if (Stored.Entry.Length == 0 || await GrainFactory.GetGrain<IVodEntryGrain>(Stored.Entry).Describe() is not { } entry)
        {
            return false;
        }

        return Mode == RecordingMode.Appended
            ? entry.Duration < options.Value.AppendedLength && time.GetUtcNow() - entry.Created < options.Value.AppendedAge
            : time.GetUtcNow() - Stored.EndedAt < options.Value.ReconnectWithin && entry.Duration < options.Value.MaxDuration;
    }

    async Task EndEntry(string why)
    {
        if (!Stored.IsRecording)
        {
            await state.WriteStateAsync();
            return;
        }

        (Stored.IsRecording, Stored.EndedAt) = (false, default);   // what comes next is another entry
        LogEnded(Stream, Stored.Entry, why);
        await Assign($"recording ended: {why}", Stored.Node);
        await GrainFactory.GetGrain<IVodEntryGrain>(Stored.Entry).Complete();
    }

    // Off air, and everything is on disk.
    async Task Finish()
    {
        if (IsLive)
        {
            return;   // it ended because it was told to, or the stream is back already
        }

        var wasRecording = Stored.IsRecording;
        (Stored.IsRecording, Stored.Node) = (false, "");
        await state.WriteStateAsync();
        if (wasRecording)
        {
            LogEnded(Stream, Stored.Entry, "the stream went off air");
            await GrainFactory.GetGrain<IVodEntryGrain>(Stored.Entry).Complete();
        }
    }

    // As the platform writes ids: ten characters of which the first says where it was made.
    static string NewId() => "1_" + string.Create(8, 0, static (text, _) =>
        System.Security.Cryptography.RandomNumberGenerator.GetItems("abcdefghijklmnopqrstuvwxyz0123456789", text));

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

    [LoggerMessage(LogLevel.Information, "Stream {Stream} is kept by node {Node} ({Why}), entry '{Entry}', epoch {Epoch}")]
    partial void LogAssigned(string stream, string node, string why, string entry, long epoch);

    [LoggerMessage(LogLevel.Information, "Recording of stream {Stream} as {Entry} ended: {Why}")]
    partial void LogEnded(string stream, string entry, string why);

    [LoggerMessage(LogLevel.Warning, "Recording of stream {Stream}: {Why}; it is tried again")]
    partial void LogTrouble(string stream, string why);

    [LoggerMessage(LogLevel.Warning, "Recording of stream {Stream}: node {Node} could not be told: {Why}")]
    partial void LogUntold(string stream, string node, string why);
}

/// <summary>What must survive: the plan, who was told, and the checkpoint.</summary>
[GenerateSerializer, Alias("tributary.recording-grain-state")]
public sealed class RecordingGrainState
{
    /// <summary>The stream's, as far as it is known.</summary>
    [Id(0)] public StreamState State { get; set; }

    /// <summary>Recorded whatever the configuration says.</summary>
    [Id(1)] public bool Commanded { get; set; }

    /// <summary>Not recorded until the stream is on air anew.</summary>
    [Id(2)] public bool Stopped { get; set; }

    [Id(3)] public bool IsRecording { get; set; }

    [Id(4)] public string Entry { get; set; } = "";

    [Id(5)] public DateTimeOffset EntryBegan { get; set; }

    /// <summary>When the stream went off air.</summary>
    [Id(6)] public DateTimeOffset EndedAt { get; set; }

    [Id(7)] public string Node { get; set; } = "";

    [Id(8)] public long Epoch { get; set; }

    /// <summary>The first segment that is not known to be on disk in every rendition.</summary>
    [Id(9)] public long NextMsn { get; set; } = -1;

    [Id(10)] public List<string> RewindNodes { get; set; } = [];
}
