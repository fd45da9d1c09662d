using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Orleans.Runtime;

/// <summary>
/// The observers of a node. Their ids are the node's client id, <c>+</c> and a number of their own. They are held weakly; calls to one run one after another,
/// calls to one that is gone are dropped (one-way) or fail.
/// </summary>
sealed partial class ObserverTable(Node node)
{
    readonly ConcurrentDictionary<IdSpan, Entry> _entries = new();

    EngineThreads Threads => node.Threads;

    public ILogger Log { get; set; } = NullLogger.Instance;

    public static GrainId ClientOf(GrainId observer)
    {
        var key = observer.Key.ToString();
        var plus = key.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? observer : GrainId.Create(observer.Type, IdSpan.Create(key[..plus]));
    }

    public T Add<T>(IGrainObserver observer) where T : IGrainObserver
    {
        if (observer is GrainReference)
        {
            throw new ArgumentException("Argument obj is already a grain reference.", nameof(observer));
        }

        if (observer is Grain)
        {
            throw new ArgumentException("Argument must not be a grain class.", nameof(observer));
        }

        if (observer is not T)
        {
            throw new ArgumentException($"The observer does not implement {typeof(T)}.", nameof(observer));
        }

        var id = GrainId.Create(node.ClientId.Type, IdSpan.Create($"{node.ClientId.Key}+{Guid.NewGuid():N}"));
        _entries[id.Key] = new Entry(this, new WeakReference<IGrainObserver>(observer));
        return node.References.Create<T>(id);
    }

    public void Remove(IGrainObserver observer)
    {
        foreach (var (id, entry) in observer is GrainReference reference ? _entries.Where(e => e.Key == reference.GrainId.Key) : _entries.Where(e => e.Value.Holds(observer)))
        {
            _entries.TryRemove(id, out _);
        }
    }

    public void Receive(Message message)
    {
        if (_entries.TryGetValue(message.TargetGrain.Key, out var entry))
        {
            entry.Enqueue(message);
            return;
        }

        node.Respond(message, null, new ClientNotAvailableException(message.TargetGrain));
    }

    public void Cancel(Message message)
    {
        if (_entries.TryGetValue(message.TargetGrain.Key, out var entry))
        {
            entry.Cancel(message);
        }
    }

    sealed class Entry(ObserverTable table, WeakReference<IGrainObserver> observer) : IThreadPoolWorkItem
    {
        readonly Queue<Message> _queue = new();
        bool _running;

        public bool Holds(IGrainObserver other) => observer.TryGetTarget(out var target) && ReferenceEquals(target, other);

        public void Cancel(Message cancel)
        {
            lock (_queue)
            {
                _queue.FirstOrDefault(m => m.Id == cancel.Id && m.Sender.Equals(cancel.Sender))?.TryCancel();
            }
        }

        public void Enqueue(Message message)
        {
            lock (_queue)
            {
                _queue.Enqueue(message);
                if (_running)
                {
                    return;
                }

                _running = true;
            }

            table.Threads.Queue(this, preferLocal: false);
        }

        void IThreadPoolWorkItem.Execute() => _ = Drain();

        async Task Drain()
        {
            while (true)
            {
                Message message;
                lock (_queue)
                {
                    if (!_queue.TryPeek(out message!))
                    {
                        _running = false;
                        return;
                    }
                }

                await table.Answer(message, observer);
                lock (_queue)
                {
                    _queue.Dequeue();
                }
            }
        }
    }

    async Task Answer(Message message, WeakReference<IGrainObserver> observer)
    {
        if (!observer.TryGetTarget(out var target))
        {
            _entries.TryRemove(message.TargetGrain.Key, out _);
            node.Respond(message, null, new ClientNotAvailableException(message.TargetGrain));
            return;
        }

        try
        {
            message.OpenCancellation();
            RequestContext.Current = message.Context;
            node.Respond(message, await message.Method!.Invoke(target, message.Arguments), null);
        }
        catch (Exception exception)
        {
            if (message.Kind == MessageKind.OneWay)
            {
                LogObserverFailed(Log, exception, message.ToString());
            }

            node.Respond(message, null, exception);
        }
    }

    [LoggerMessage(LogLevel.Warning, "A one-way call of an observer failed: {Call}")]
    static partial void LogObserverFailed(ILogger log, Exception exception, string call);
}
