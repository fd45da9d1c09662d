namespace Orleans.Runtime;

/// <summary>One end of the network: a silo or a client. It sends calls, receives messages, and holds the observers that were made here.</summary>
abstract class Node
{
    protected Node(SiloAddress address, GrainId clientId, IMessageLink link, TimeProvider time, TimeSpan responseTimeout, EngineThreads? threads)
    {
        Address = address;
        ClientId = clientId;
        Link = link;
        Time = time;
        Threads = threads ?? EngineThreads.Pool;
        References = new ReferenceFactory(this);
        Observers = new ObserverTable(this);
        Calls = new CallTable(this, time, responseTimeout);
    }

    public SiloAddress Address { get; private protected set; }

    /// <summary>Who calls when no grain does, and whose observers live here.</summary>
    public GrainId ClientId { get; private protected set; }

    public TimeProvider Time { get; }

    public EngineThreads Threads { get; }

    public ReferenceFactory References { get; }

    public ObserverTable Observers { get; }

    public CallTable Calls { get; }

    public IReadOnlyList<IOutgoingGrainCallFilter> OutgoingFilters { get; protected set; } = [];

    public IReadOnlyList<IIncomingGrainCallFilter> IncomingFilters { get; protected set; } = [];

    protected IMessageLink Link { get; }

    /// <summary>False when the node is dead to the others: nothing that still runs in it is heard.</summary>
    protected virtual bool MaySend => true;

    /// <summary>Routes a request of this node.</summary>
    public abstract void Send(Message message);

    /// <summary>A message from another node; must not block.</summary>
    public virtual void Receive(Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.Response:
                var result = message.Result is { } value && message.Method!.ResultMayCarryReferences ? ReferenceFinder.Rebind(value, this) : message.Result;
                Calls.Complete(message.Id, result, message.Error);
                break;
            case MessageKind.Cancel:
                ReceiveCancel(message);
                break;
            default:
                if (message.Method is { MayCarryReferences: true })
                {
                    message.Arguments = [.. message.Arguments.Select(a => a is null ? null : ReferenceFinder.Rebind(a, this))];
                }

                ReceiveRequest(message);
                break;
        }
    }

    public void SendCancel(Message request) => Send(new Message(MessageKind.Cancel)
    {
        Id = request.Id,
        Sender = request.Sender,
        SenderGrain = request.SenderGrain,
        TargetGrain = request.TargetGrain,
        Target = request.Target
    });

    /// <summary>Answers a request, here or over the network; the result is copied on the way.</summary>
    public void Respond(Message request, object? result, Exception? error)
    {
        if (request.Kind != MessageKind.Request || !MaySend)
        {
            return;
        }

        try
        {
            result = request.Method!.CopyResult(result);
        }
        catch (Exception exception)
        {
            (result, error) = (null, exception);
        }

        if (request.Sender.Equals(Address))
        {
            Calls.Complete(request.Id, result, error);
            return;
        }

        Link.Send(new Message(MessageKind.Response)
        {
            Id = request.Id,
            Sender = Address,
            SenderGrain = request.TargetGrain,
            Target = request.Sender,
            TargetGrain = request.SenderGrain,
            Method = request.Method,
            Gateway = request.Gateway,
            Result = result,
            Error = error
        });
    }

    public void Reject(Message request, string reason, Exception? cause = null) =>
        Respond(request, null, new OrleansMessageRejectionException($"Message rejected: {reason} ({request})", cause));

    protected abstract void ReceiveRequest(Message message);

    protected abstract void ReceiveCancel(Message message);
}
