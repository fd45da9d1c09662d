using Microsoft.Extensions.Logging;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Pulls;
using Tributary.Grains.Recordings;

namespace Tributary.Grains.ServerNodes;

/// <inheritdoc cref="IServerNodeGrain"/>
/// <remarks>
/// A process that hosts no grains is in no membership, so its death is found here: silent for <see cref="NodeReport.Doubt"/>, it is asked, and dead
/// when it twice does not answer. A silo's death comes from the membership, told by the silos that survive.
/// </remarks>
[GrainType("server-node")]
public sealed partial class ServerNodeGrain(
    [PersistentState("server-node", GrainStorageName.Tributary)] IPersistentState<ServerNodeState> state,
    TimeProvider time,
    ILogger<ServerNodeGrain> log) : Grain, IServerNodeGrain
{
    static readonly TimeSpan Check = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>A command that a busy node carries out a moment late has not failed: whoever gave it would be told so of a node that drains.</summary>
    static readonly TimeSpan CommandPatience = TimeSpan.FromSeconds(2.5);

    /// <summary>The list shows loads that are at most this old.</summary>
    static readonly TimeSpan Listing = TimeSpan.FromSeconds(4);

    /// <summary>After a start of everything a node that this activation never heard cannot be asked; it has this long to report: five tries.</summary>
    static readonly TimeSpan FirstWord = TimeSpan.FromSeconds(5);

    /// <summary>Streams of a dead node that are told at the same time.</summary>
    const int DoubtedAtOnce = 64;

    INodeObserver? _node;
    IGrainTimer? _timer;
    // How long ago something was is elapsed time: a wall clock that is set makes no node silent.
    DateTimeOffset _lastSeen;
    long _heard;
    long? _listed;
    int _unanswered;
    bool _asking;

    string Name => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_lastSeen, _heard) = (time.GetUtcNow(), time.GetTimestamp());
        WatchForSilence();
        return Task.CompletedTask;
    }

    public async Task Heartbeat(NodeReport report, INodeObserver node)
    {
        if (state.State.Report is { } known && known.StartedAt > report.StartedAt)
        {
            return;   // a late word of an earlier run
        }

        var isNew = state.State.Report?.StartedAt != report.StartedAt || state.State.Report.Silo != report.Silo;
        (_node, _unanswered, _lastSeen, _heard, state.State.Report) = (node, 0, time.GetUtcNow(), time.GetTimestamp(), report);
        if (isNew || state.State.State != report.State)
        {
            await Enter(report.State);
            WatchForSilence();
        }
        else if (_listed is not { } listed || time.GetElapsedTime(listed) >= Listing)
        {
            await List();   // the load changes all the time and is not worth a write
        }
    }

    public Task Leave() => state.State.Report is null ? Task.CompletedTask : Enter(NodeState.Left);

    public Task SiloDied(string silo) =>
        IsThought() && state.State.Report?.Silo == silo ? Enter(NodeState.Dead) : Task.CompletedTask;

    public async Task<bool> Drain(bool draining)
    {
        if (_node is not { } node || !IsThought() || !await Answers(() => node.Drain(draining), CommandPatience))
        {
            return false;
        }

        state.State.Report = state.State.Report! with { Drained = false };   // whatever an earlier command came to: its next report tells
        return true;
    }

    public async Task<bool> Pull(PullAssignment assignment) => _node is { } node && IsThought() && await Answers(() => node.Pull(assignment));

    public async Task<bool> Record(RecordingAssignment assignment) => _node is { } node && IsThought() && await Answers(() => node.Record(assignment));

    public Task<NodeDescription> Describe() => Task.FromResult(Description());

    void WatchForSilence()
    {
        _timer ??= this.RegisterGrainTimer(CheckPulse, new GrainTimerCreationOptions(Check, Check) { Interleave = true });
    }

    async Task CheckPulse()
    {
        if (!IsThought())
        {
            _timer?.Dispose();
            _timer = null;
            return;
        }

        var heard = _heard;
        var silence = time.GetElapsedTime(heard);
        if (_asking || silence < (_node is null ? FirstWord : NodeReport.Doubt))
        {
            return;
        }

        _asking = true;
        var answers = _node is { } node && await Answers(node.Ping);
        _asking = false;
        if (_heard != heard || !IsThought())
        {
            return;   // it spoke meanwhile
        }

        _unanswered = answers ? 0 : _unanswered + 1;
        if (_unanswered >= 2 || (!answers && _node is null))
        {
            await Enter(NodeState.Dead);
        }
        else if (silence > NodeReport.Lifetime)
        {
            await Enter(NodeState.NotRegistered);
        }
    }

    async Task<bool> Answers(Func<Task> question, TimeSpan? patience = null)
    {
        try
        {
            await question().WaitAsync(patience ?? Patience, time);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            return false;
        }
    }

    /// <summary>Whether the node is thought to be there, as far as anybody knows.</summary>
    bool IsThought() => state.State is { Report: not null, State: NodeState.Active or NodeState.Draining };

    async Task Enter(NodeState next)
    {
        (state.State.State, state.State.Since, state.State.LastSeen) = (next, time.GetUtcNow(), _lastSeen);
        LogState(Name, next);
        await state.WriteStateAsync();
        await List();
        if (next == NodeState.Dead)
        {
            _ = DoubtItsStreams();
        }
    }

    // What it had on air goes on from another node, where there is one: nobody waits until its reports have stayed away.
    async Task DoubtItsStreams()
    {
        try
        {
            var streams = await GrainFactory.ListStreams();
            foreach (var some in streams.Where(stream => stream.Node == Name).Chunk(DoubtedAtOnce))
            {
                await Task.WhenAll(some.Select(stream => DoubtStream(stream.Name)));
            }
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUntold(Name, "the list of streams", exception.Message);
        }
    }

    async Task DoubtStream(string stream)
    {
        try
        {
            await GrainFactory.GetGrain<ILiveStreamGrain>(stream).Doubt(Name);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUntold(Name, stream, exception.Message);   // it finds out when no reports come
        }
    }

    async Task List()
    {
        try
        {
            await GrainFactory.GetGrain<INodeCatalogGrain>(0).Put(Description());
            _listed = time.GetTimestamp();
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            _listed = null;   // the next heartbeat enters it
            LogUnlisted(Name, exception.Message);
        }
    }

    NodeDescription Description() => new()
    {
        Name = Name,
        State = state.State.Report is null ? NodeState.NotRegistered : state.State.State,
        LastSeen = _node is null ? state.State.LastSeen : _lastSeen,
        Report = state.State.Report,
        Since = state.State.Since,
    };

    [LoggerMessage(LogLevel.Information, "Node {Node} is {State}")]
    partial void LogState(string node, NodeState state);

    [LoggerMessage(LogLevel.Warning, "Node {Node} is dead, and {Stream} could not be told: {Why}")]
    partial void LogUntold(string node, string stream, string why);

    [LoggerMessage(LogLevel.Warning, "Node {Node} could not be entered in the list of nodes: {Why}")]
    partial void LogUnlisted(string node, string why);
}

[GenerateSerializer, Alias("tributary.server-node-state")]
public sealed class ServerNodeState
{
    [Id(0)] public NodeReport? Report { get; set; }

    [Id(1)] public NodeState State { get; set; }

    [Id(2)] public DateTimeOffset LastSeen { get; set; }

    [Id(3)] public DateTimeOffset Since { get; set; }
}
