using System.Collections.Concurrent;

namespace Orleans.Runtime;

// The way of a message: to a client, to an activation here, to the silo that the directory names, or to the silo that placement chooses.
sealed partial class Silo
{
    // Messages for a grain whose address is being found; later ones wait behind, so that the order of a pair holds.
    readonly ConcurrentDictionary<GrainId, Queue<Message>> _addressing = new();

    /// <summary>True while messages wait for the address of their grain.</summary>
    public bool IsRouting => !_addressing.IsEmpty;

    public override void Send(Message message)
    {
        if (!IsAlive)
        {
            Reject(message, $"the silo {Address} has stopped");
            return;
        }

        if (message.TargetGrain.Type == SystemNames.Client)
        {
            SendToClient(message);
        }
        else if (message.Kind == MessageKind.Cancel)
        {
            SendCancelOn(message);
        }
        else
        {
            Resolve(message);
        }
    }

    /// <summary>A message that found no activation where it was sent goes on, a limited number of times.</summary>
    public void Forward(Message message, string why)
    {
        if (++message.ForwardCount > Math.Max(_messaging.MaxForwardCount, 1) + 2)
        {
            Reject(message, $"it was forwarded {message.ForwardCount - 1} times; last because {why}");
            return;
        }

        Resend(message);
    }

    /// <summary>Finds the target anew. A life that ended in good order is no wrong turn: this does not count.</summary>
    public void Resend(Message message)
    {
        message.IsPlaced = false;
        message.Target = null;
        Send(message);
    }

    public async Task SendMigration(SiloAddress target, Activation from, MigrationContext context)
    {
        await Task.CompletedTask;
        Link.Send(new Message(MessageKind.Migration)
        {
            Sender = Address,
            Target = target,
            TargetGrain = from.GrainId,
            Migration = context,
            MigratedFrom = from.Address
        });
    }

    protected override void ReceiveRequest(Message message)
    {
        if (!IsAlive)
        {
            return;
        }

        if (message.TargetGrain.Type == SystemNames.Client)
        {
            SendToClient(message);
            return;
        }

        if (message.Kind == MessageKind.Migration)
        {
            if (Catalog.ClassOf(message.TargetGrain.Type) is { } moved)
            {
                Catalog.GetOrBegin(message.TargetGrain, moved, message.Migration, message.MigratedFrom);
            }

            return;
        }

        // From a client: this silo is its gateway. From a silo that chose this one: it begins the activation.
        if (message.IsPlaced && message.Target is { } target && target.Equals(Address) && TakesGrains && Oracle.CurrentStatus <= SiloStatus.Active
            && Catalog.ClassOf(message.TargetGrain.Type) is { } grainClass)
        {
            Catalog.GetOrBegin(message.TargetGrain, grainClass).Enqueue(message);
            return;
        }

        Resolve(message);
    }

    protected override void ReceiveCancel(Message message) => Send(message);

    void Resolve(Message message)
    {
        var grainId = message.TargetGrain;
        var isAddressing = !_addressing.IsEmpty && _addressing.ContainsKey(grainId);
        if (!isAddressing && Catalog.Find(grainId) is { } here)
        {
            Arrive(here, message);
            return;
        }

        if (Catalog.ClassOf(grainId.Type) is not { } grainClass)
        {
            Reject(message, $"no silo has a grain class for the type {grainId.Type}");
            return;
        }

        if (grainClass.Placement is StatelessWorkerPlacement worker)
        {
            message.Target = Address;
            Catalog.Workers(grainId, grainClass, worker).Enqueue(message);
            return;
        }

        if (!isAddressing && Directory.TryFind(grainId, out var known) && !known.SiloAddress!.Equals(Address))
        {
            message.IsPlaced = true;
            SendTo(known.SiloAddress, message);
            return;
        }

        Wait(message, grainClass);
    }

    void Arrive(Activation activation, Message message)
    {
        message.Target = Address;
        activation.Enqueue(message);
    }

    void Wait(Message message, GrainClass grainClass)
    {
        var queue = new Queue<Message>();
        while (true)
        {
            var waiting = _addressing.GetOrAdd(message.TargetGrain, queue);
            lock (waiting)
            {
                // The queue was emptied and forgotten in between: begin another.
                if (!ReferenceEquals(waiting, queue) && !_addressing.Contains(KeyValuePair.Create(message.TargetGrain, waiting)))
                {
                    continue;
                }

                waiting.Enqueue(message);
            }

            if (ReferenceEquals(waiting, queue))
            {
                _ = FindAddress(message, grainClass, queue);
            }

            return;
        }
    }

    async Task FindAddress(Message message, GrainClass grainClass, Queue<Message> queue)
    {
        var grainId = message.TargetGrain;
        SiloAddress? target = null;
        Exception? failure = null;
        try
        {
            var found = await Directory.Lookup(grainId);
            if (found is not null && IsStale(found))
            {
                await Directory.Unregister(found);
                found = null;
            }

            target = found?.SiloAddress ?? await Directory.Reserve(grainId, await Placement.Choose(grainId, grainClass, message));
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        lock (queue)
        {
            while (queue.TryDequeue(out var waiting))
            {
                if (failure is not null)
                {
                    Respond(waiting, null, failure);
                    continue;
                }

                waiting.IsPlaced = true;
                if (target!.Equals(Address))
                {
                    Arrive(Catalog.GetOrBegin(grainId, grainClass), waiting);
                }
                else
                {
                    SendTo(target, waiting);
                }
            }

            _addressing.TryRemove(KeyValuePair.Create(grainId, queue));
        }
    }

    // The entry of an activation that is gone from here, or a place kept on a silo that takes no grains any more.
    bool IsStale(GrainAddress entry) => entry.ActivationId.IsDefault
        ? !Oracle.IsActive(entry.SiloAddress!)
        : entry.SiloAddress!.Equals(Address) && Catalog.Find(entry.GrainId) is null;

    void SendTo(SiloAddress target, Message message)
    {
        message.Target = target;
        message.Via = Address;
        Link.Send(message);
    }

    void SendToClient(Message message)
    {
        var client = ObserverTable.ClientOf(message.TargetGrain);
        if (client == ClientId)
        {
            if (message.Kind == MessageKind.Cancel)
            {
                Observers.Cancel(message);
            }
            else
            {
                Observers.Receive(message);
            }

            return;
        }

        if (Cluster.AddressOfClient(client) is { } address)
        {
            SendTo(address, message);
            return;
        }

        Respond(message, null, new ClientNotAvailableException(message.TargetGrain));
    }

    void SendCancelOn(Message message)
    {
        if (Catalog.TryGetWorkers(message.TargetGrain, out var workers))
        {
            workers.Cancel(message);
        }

        if (Catalog.Find(message.TargetGrain) is { } here)
        {
            here.Cancel(message);
        }
        else if (Directory.TryFind(message.TargetGrain, out var address) && !address.SiloAddress!.Equals(Address))
        {
            SendTo(address.SiloAddress, message);
        }
    }
}
