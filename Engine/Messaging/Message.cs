namespace Orleans.Runtime;

enum MessageKind : byte
{
    Request,
    OneWay,
    Response,
    /// <summary>The caller of a request has cancelled it.</summary>
    Cancel,
    /// <summary>An activation moves here with its dehydrated state.</summary>
    Migration
}

/// <summary>What nodes send each other. A request becomes a turn of the activation that it reaches.</summary>
sealed class Message(MessageKind kind) : Turn
{
    CancellationTokenSource? _cancellation;

    public MessageKind Kind => kind;

    /// <summary>Numbers the requests of a sender; its response carries the same.</summary>
    public long Id { get; init; }

    public required SiloAddress Sender { get; init; }

    /// <summary>The grain, or the client, that called.</summary>
    public GrainId SenderGrain { get; init; }

    /// <summary>The node that it is under way to; routing sets it.</summary>
    public SiloAddress? Target { get; set; }

    public GrainId TargetGrain { get; init; }

    public MethodDescriptor? Method { get; init; }

    public object?[] Arguments { get; set; } = [];

    public CallContext? Context { get; init; }

    public object? Result { get; init; }

    public Exception? Error { get; init; }

    public MigrationContext? Migration { get; init; }

    public GrainAddress? MigratedFrom { get; init; }

    /// <summary>
    /// Of a request: the sender chose the target by placement, it may make a new activation there. Of a response between processes: the grain lives where it
    /// comes from.
    /// </summary>
    public bool IsPlaced { get; set; }

    /// <summary>The silo that forwards the message, when that is not its sender.</summary>
    public SiloAddress? Via { get; set; }

    /// <summary>The gateway that the calling client came by, and that its answer goes back by; null when it is not known or needed.</summary>
    public SiloAddress? Gateway { get; set; }

    /// <summary>Where a request is to be sent that its receiver gives back unread to the silo that sent it.</summary>
    public SiloAddress? Redirect { get; set; }

    /// <summary>The silo that a request came from over the network; null when it came from a client, or is from here.</summary>
    public SiloAddress? ReceivedFrom { get; set; }

    public int ForwardCount { get; set; }

    public override bool IsAlwaysInterleave => Method!.IsAlwaysInterleave;

    public override bool IsReadOnly => Method!.IsReadOnly;

    public override Guid ReentrancyId => Context?.ReentrancyId ?? Guid.Empty;

    public override bool CountsAsUse => true;

    /// <summary>Gives the callee a token that <see cref="TryCancel"/> cancels.</summary>
    public void OpenCancellation()
    {
        if (Method!.CancellationIndex is >= 0 and var index)
        {
            Arguments[index] = LazyInitializer.EnsureInitialized(ref _cancellation, static () => new CancellationTokenSource()).Token;
        }
    }

    public bool TryCancel()
    {
        if (Method is null or { CancellationIndex: < 0 })
        {
            return false;
        }

        var source = LazyInitializer.EnsureInitialized(ref _cancellation, static () => new CancellationTokenSource());
        // Not on the thread of the message loop: a callback of the grain's token may take its time.
        _ = source.CancelAsync();
        return true;
    }

    public override ValueTask Run(Activation activation) => activation.Answer(this);

    public override void Abandon(Activation activation) => activation.Reroute(this);

    public override string ToString() => $"{kind} {Method?.ClrInterface.Name}.{Method?.Name} #{Id} from {SenderGrain} at {Sender} to {TargetGrain} at {Target}";
}
