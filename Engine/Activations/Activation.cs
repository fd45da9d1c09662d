using Microsoft.Extensions.DependencyInjection;

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
}
