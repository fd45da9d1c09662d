using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>
/// One life of a grain on one silo: a mailbox, the turns that run, and the object itself. A call is started when nothing that forbids it is running, and is
/// running until its task is over; the turns of all of them run one at a time on the activation's <see cref="TurnScheduler"/>.
/// </summary>
sealed partial class Activation : IGrainContext
{
    readonly Lock _gate = new();
    readonly List<Turn> _waiting = [];
    readonly List<Turn> _running = [];
    readonly TurnScheduler _scheduler;
    readonly Dictionary<Type, object> _components = [];
    readonly Dictionary<Guid, int> _reentrantSections = [];
    readonly HashSet<GrainTimer> _timers = [];
    readonly TaskCompletionSource _deactivated = Completion.Source();
    int _waitingThatMayInterleave;
    ActivationState _state = ActivationState.Activating;
    DeactivationReason _reason;
    SiloAddress? _migrationTarget;
    bool _ending;
    MigrationContext? _rehydration;
    GrainAddress? _previousAddress;
    AsyncServiceScope _scope;
    long _lastUse;
    long _keepUntil = long.MinValue;

    public Activation(Silo silo, GrainClass grainClass, GrainId grainId, MigrationContext? rehydration = null, GrainAddress? previousAddress = null)
    {
        Silo = silo;
        Class = grainClass;
        _rehydration = rehydration;
        _previousAddress = previousAddress;
        _scheduler = new TurnScheduler(this);
        _lastUse = silo.Time.GetTimestamp();
        Address = new GrainAddress
        {
            GrainId = grainId,
            ActivationId = ActivationId.NewId(),
            SiloAddress = silo.Address,
            MembershipVersion = silo.Membership.CurrentSnapshot.Version
        };
        Lifecycle = new GrainLifecycle(silo.Log);
    }

    public Silo Silo { get; }

    public GrainClass Class { get; }

    public GrainAddress Address { get; }

    public GrainId GrainId => Address.GrainId;

    public ActivationId ActivationId => Address.ActivationId;

    public object? GrainInstance { get; private set; }

    public GrainReference GrainReference => field ??= Silo.References.Create(GrainId, Class.ReferenceInterface);

    public IServiceProvider ActivationServices => _scope.ServiceProvider ?? Silo.Services;

    public GrainLifecycle Lifecycle { get; }

    public IGrainLifecycle ObservableLifecycle => Lifecycle;

    public IWorkItemScheduler Scheduler => _scheduler;

    public Task Deactivated => _deactivated.Task;

    public ActivationState State => _state;

    /// <summary>Calls that run or wait.</summary>
    public int Load
    {
        get
        {
            lock (_gate)
            {
                return _running.Count + _waiting.Count;
            }
        }
    }

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => ActivationId.GetHashCode();

    public override string ToString() => $"[Activation: {Address}#{Class.Type.FullName} State={_state}]";

    public object? GetTarget() => GrainInstance;

    public object? GetComponent(Type componentType)
    {
        lock (_gate)
        {
            return _components.TryGetValue(componentType, out var component) ? component
                : componentType.IsInstanceOfType(GrainInstance) ? GrainInstance
                : componentType.IsInstanceOfType(this) ? this : null;
        }
    }

    public void SetComponent<TComponent>(TComponent? value) where TComponent : class
    {
        lock (_gate)
        {
            if (value is null)
            {
                _components.Remove(typeof(TComponent));
            }
            else
            {
                _components[typeof(TComponent)] = value;
            }
        }
    }

    public void ReceiveMessage(object message) => Enqueue((Turn)message);

    /// <summary>Takes a call or a tick; it is started now, or when its place comes.</summary>
    public void Enqueue(Turn turn)
    {
        lock (_gate)
        {
            if (_state != ActivationState.Gone)
            {
                if (turn is Message && Class.MaxQueue is > 0 and var limit && _waiting.Count >= limit)
                {
                    Silo.Respond((Message)turn, null, new LimitExceededException("MaxEnqueuedRequestsHardLimit", _waiting.Count, limit, this));
                    return;
                }

                if (_state == ActivationState.Valid && _waiting.Count == 0 && MayStart(turn))
                {
                    Start(turn);
                    return;
                }

                _waiting.Add(turn);
                _waitingThatMayInterleave += MayEverInterleave(turn) ? 1 : 0;
                Pump();
                return;
            }
        }

        turn.Abandon(this);
    }

    public bool Cancel(Message cancel)
    {
        lock (_gate)
        {
            var call = _running.Concat(_waiting).OfType<Message>().FirstOrDefault(m => m.Id == cancel.Id && m.Sender.Equals(cancel.Sender));
            return call?.TryCancel() ?? false;
        }
    }

    public void EnterReentrantSection(Guid id)
    {
        lock (_gate)
        {
            _reentrantSections[id] = _reentrantSections.GetValueOrDefault(id) + 1;
            Pump();
        }
    }

    public void LeaveReentrantSection(Guid id)
    {
        lock (_gate)
        {
            if (_reentrantSections.TryGetValue(id, out var depth))
            {
                if (depth == 1)
                {
                    _reentrantSections.Remove(id);
                }
                else
                {
                    _reentrantSections[id] = depth - 1;
                }
            }
        }
    }

    /// <summary>Runs a call and answers it. Part of a turn.</summary>
    public async ValueTask Answer(Message message)
    {
        try
        {
            message.OpenCancellation();
            if (message.Context is { } context)
            {
                RequestContext.Current = context;
            }

            var filtered = Silo.IncomingFilters.Count > 0 || Class.IsFilter;
            var result = filtered
                ? await new IncomingCall(message, GrainInstance!, this, Silo.IncomingFilters).Run()
                : await message.Method!.Invoke(Silo.TargetOf(this, message.Method), message.Arguments);
            Silo.Respond(message, result, null);
        }
        catch (Exception exception)
        {
            if (message.Kind == MessageKind.OneWay)
            {
                LogOneWayFailed(Silo.Log, exception, message.ToString());
            }

            Silo.Respond(message, null, exception);
            Failed(exception);
        }
    }

    /// <summary>
    /// A turn ended with that. Where the state in storage is not the one that this activation believes in (another activation wrote, or the answer to an update was
    /// lost), it must start anew.
    /// </summary>
    public void Failed(Exception exception)
    {
        if (exception is Storage.InconsistentStateException { IsSourceActivation: true } inconsistent)
        {
            inconsistent.IsSourceActivation = false;
            Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationError, exception, "The state in storage is newer than this activation's."));
        }
    }

    /// <summary>Sends a call on that this activation did not start: to its next life, or to the activation that it gave way to.</summary>
    public void Reroute(Message message)
    {
        if (_ending)
        {
            Silo.Resend(message);
        }
        else
        {
            Silo.Forward(message, $"{this} is gone");
        }
    }

    // A call may start when none that runs forbids it. Held: _gate.
    bool MayStart(Turn turn)
    {
        if (_running.Count == 0 || Class.IsReentrant || turn.IsAlwaysInterleave)
        {
            return true;
        }

        var allReadOnly = true;
        var blocked = false;
        foreach (var running in _running)
        {
            if (!running.IsAlwaysInterleave)
            {
                blocked = true;
                allReadOnly &= running.IsReadOnly;
            }
        }

        return !blocked || (turn.IsReadOnly && allReadOnly)
            || (turn.ReentrancyId is var id && id != Guid.Empty && _reentrantSections.ContainsKey(id))
            || (turn is Message message && Class.MayInterleave(GrainInstance, message));
    }

    bool MayEverInterleave(Turn turn) => Class.IsReentrant || turn.IsAlwaysInterleave || turn.IsReadOnly || turn.ReentrancyId != Guid.Empty || Class.HasInterleavePredicate;

    // Starts what may start, in the order of arrival. Held: _gate.
    void Pump()
    {
        if (_state == ActivationState.Deactivating)
        {
            EndIfIdle();
            return;
        }

        for (var i = 0; _state == ActivationState.Valid && i < _waiting.Count;)
        {
            var turn = _waiting[i];
            if (MayStart(turn))
            {
                _waiting.RemoveAt(i);
                _waitingThatMayInterleave -= MayEverInterleave(turn) ? 1 : 0;
                Start(turn);
            }
            else if (_waitingThatMayInterleave == 0)
            {
                return;
            }
            else
            {
                i++;
            }
        }
    }

    void Start(Turn turn)
    {
        _running.Add(turn);
        if (turn.CountsAsUse)
        {
            _lastUse = Silo.Time.GetTimestamp();
        }

        turn.RunBy = this;
        _scheduler.Start(static t => ((Turn)t!).RunBy!.Run((Turn)t), turn);
    }

    void Run(Turn turn)
    {
        var run = turn.Run(this);
        if (run.IsCompletedSuccessfully)
        {
            Finished(turn);
        }
        else
        {
            _ = Wait(run, turn);
        }
    }

    async Task Wait(ValueTask run, Turn turn)
    {
        try
        {
            await run;
        }
        catch (Exception exception)
        {
            LogTurnFailed(Silo.Log, exception, ToString());
        }
        finally
        {
            Finished(turn);
        }
    }

    void Finished(Turn turn)
    {
        lock (_gate)
        {
            _running.Remove(turn);
            if (turn.CountsAsUse)
            {
                _lastUse = Silo.Time.GetTimestamp();
            }

            Pump();
        }
    }

    [LoggerMessage(LogLevel.Warning, "A one-way call failed: {Call}")]
    static partial void LogOneWayFailed(ILogger log, Exception exception, string call);

    [LoggerMessage(LogLevel.Error, "A turn of {Activation} failed")]
    static partial void LogTurnFailed(ILogger log, Exception exception, string activation);
}
