using System.Collections.Concurrent;

namespace Orleans.Runtime;

/// <summary>Decides what happens to a message between two nodes of the in-memory network.</summary>
interface INetworkFaults
{
    /// <summary>False when the message is lost. A delay keeps the order of the pair.</summary>
    bool Allow(Message message, out TimeSpan delay);
}

/// <summary>The network of nodes in one process: a message is a call of the other node's <see cref="Node.Receive"/>.</summary>
sealed class MemoryNetwork(TimeProvider time) : IMessageLink
{
    readonly ConcurrentDictionary<SiloAddress, Node> _nodes = new();
    readonly ConcurrentDictionary<(SiloAddress From, SiloAddress To), DelayLine> _delayed = new();

    public INetworkFaults? Faults { get; set; }

    /// <summary>The clock of delays; a cluster in simulated time sets its own.</summary>
    public TimeProvider Time { get; set; } = time;

    public void Attach(Node node) => _nodes[node.Address] = node;

    public void Detach(SiloAddress address) => _nodes.TryRemove(address, out _);

    public void Send(Message message)
    {
        if (Faults is { } faults)
        {
            if (!faults.Allow(message, out var delay))
            {
                return;
            }

            var pair = (message.Kind == MessageKind.Response ? message.Sender : From(message), message.Target!);
            if ((delay > TimeSpan.Zero || _delayed.ContainsKey(pair)) && _delayed.GetOrAdd(pair, _ => new DelayLine(this)).TryAdd(message, delay))
            {
                return;
            }
        }

        Deliver(message);
    }

    static SiloAddress From(Message message) => message.Via ?? message.Sender;

    void Deliver(Message message)
    {
        if (_nodes.TryGetValue(message.Target!, out var node))
        {
            node.Receive(message);
        }
        else if (message.Kind == MessageKind.Request && _nodes.TryGetValue(message.Sender, out var sender))
        {
            sender.Calls.Complete(message.Id, null, new SiloUnavailableException($"There is no connection to {message.Target} for {message}"));
        }
    }

    /// <summary>The messages under way from one node to another, first in, first out.</summary>
    sealed class DelayLine(MemoryNetwork network)
    {
        readonly Queue<(Message Message, DateTimeOffset Due)> _queue = new();
        readonly Lock _gate = new();
        ITimer? _timer;

        /// <summary>False when there is nothing to wait for: no delay, and no message before it.</summary>
        public bool TryAdd(Message message, TimeSpan delay)
        {
            lock (_gate)
            {
                if (delay <= TimeSpan.Zero && _queue.Count == 0)
                {
                    return false;
                }

                _queue.Enqueue((message, network.Time.GetUtcNow() + delay));
                _timer ??= network.Time.CreateTimer(static line => ((DelayLine)line!).Release(), this, delay, Timeout.InfiniteTimeSpan);
                return true;
            }
        }

        // A message stays at the head until it is delivered, so that none overtakes it.
        void Release()
        {
            while (true)
            {
                Message message;
                lock (_gate)
                {
                    if (!_queue.TryPeek(out var head))
                    {
                        _timer?.Dispose();
                        _timer = null;
                        return;
                    }

                    var wait = head.Due - network.Time.GetUtcNow();
                    if (wait > TimeSpan.Zero)
                    {
                        _timer!.Change(wait, Timeout.InfiniteTimeSpan);
                        return;
                    }

                    message = head.Message;
                }

                network.Deliver(message);
                lock (_gate)
                {
                    _queue.Dequeue();
                }
            }
        }
    }
}
