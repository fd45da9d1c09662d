using System.Collections.Concurrent;

namespace Orleans.Runtime;

/// <summary>
/// The calls that a node has sent and that are not answered: numbers them, ends them by an answer, at their deadline, or when their target's silo dies.
/// An answer that comes later than that finds nothing here and is dropped.
/// </summary>
sealed class CallTable : IDisposable
{
    readonly ConcurrentDictionary<long, PendingCall> _pending = new();
    readonly Node _node;
    readonly TimeProvider _time;
    readonly ITimer _sweep;
    long _lastId;

    public CallTable(Node node, TimeProvider time, TimeSpan responseTimeout)
    {
        _node = node;
        _time = time;
        ResponseTimeout = responseTimeout;
        var period = TimeSpan.FromTicks(Math.Clamp(responseTimeout.Ticks / 4, TimeSpan.TicksPerMillisecond * 10, TimeSpan.TicksPerSecond));
        using (ExecutionContext.SuppressFlow())
        {
            _sweep = time.CreateTimer(static table => ((CallTable)table!).Expire(), this, period, period);
        }
    }

    public TimeSpan ResponseTimeout { get; }

    public int Count => _pending.Count;

    /// <summary>Copies the arguments, sends the call and returns what the method returns.</summary>
    public object? Send(GrainReference target, MethodDescriptor method, object?[] arguments)
    {
        var source = RuntimeContext.CurrentActivation;
        var message = new Message(method.IsOneWay ? MessageKind.OneWay : MessageKind.Request)
        {
            Id = Interlocked.Increment(ref _lastId),
            Sender = _node.Address,
            SenderGrain = source?.GrainId ?? _node.ClientId,
            TargetGrain = target.GrainId,
            Method = method,
            Arguments = arguments,
            Context = RequestContext.Current
        };
        if (_node.OutgoingFilters.Count > 0)
        {
            return SendFiltered(target, message, source);
        }

        return method.IsOneWay ? SendOneWay(message) : method.Shape.Returned(SendRequest(message));
    }

    /// <summary>The method of a call that waits for its answer; null when nobody waits any more.</summary>
    public MethodDescriptor? MethodOf(long id) => _pending.TryGetValue(id, out var call) ? call.Request.Method : null;

    /// <summary>A call that waits for its answer, to be sent elsewhere; null when nobody waits any more.</summary>
    public Message? RequestOf(long id) => _pending.GetValueOrDefault(id)?.Request;

    public void Complete(long id, object? result, Exception? exception)
    {
        if (!_pending.TryRemove(id, out var call))
        {
            return;
        }

        call.Cancellation.Dispose();
        EngineMetrics.RequestEnded(_time.GetElapsedTime(call.SentAt));
        if (exception is null)
        {
            call.Succeed(result);
        }
        else
        {
            call.Fail(exception);
        }
    }

    /// <summary>Ends the calls that are under way to a silo that died.</summary>
    public void SiloDied(SiloAddress silo)
    {
        foreach (var (id, call) in _pending)
        {
            if (silo.Equals(call.Request.Target))
            {
                Complete(id, null, new SiloUnavailableException($"The silo {silo} died while {call.Request} was under way."));
            }
        }
    }

    /// <summary>Ends all calls: the node stops.</summary>
    public void Dispose()
    {
        _sweep.Dispose();
        foreach (var (id, call) in _pending)
        {
            Complete(id, null, new SiloUnavailableException($"This node stopped while {call.Request} was under way."));
        }
    }

    object? SendFiltered(GrainReference target, Message message, Activation? source)
    {
        var call = message.Method!.Shape.NewCall();
        var filtered = new OutgoingCall(message, target, source, _node.OutgoingFilters, () =>
        {
            if (message.Method.IsOneWay)
            {
                SendOneWay(message);
                return Task.FromResult<object?>(null);
            }

            return SendRequest(message).Outcome();
        });
        _ = Run();
        return message.Method.Shape.Returned(call);

        async Task Run()
        {
            try
            {
                call.Succeed(await filtered.Run());
            }
            catch (Exception exception)
            {
                call.Fail(exception);
            }
        }
    }

    object? SendOneWay(Message message)
    {
        message.Method!.CopyArguments(message.Arguments);
        TakeToken(message);
        _node.Send(message);
        return message.Method.Shape.Finished;
    }

    PendingCall SendRequest(Message message)
    {
        var method = message.Method!;
        var call = method.Shape.NewCall();
        var now = _time.GetTimestamp();
        var timeout = method.ResponseTimeout ?? ResponseTimeout;
        call.Begin(message, now, timeout == Timeout.InfiniteTimeSpan ? long.MaxValue : now + (long)(timeout.TotalSeconds * _time.TimestampFrequency));
        try
        {
            var token = TakeToken(message);
            method.CopyArguments(message.Arguments);
            _pending[message.Id] = call;
            if (token.CanBeCanceled)
            {
                call.Cancellation = token.UnsafeRegister(_ => Cancel(message.Id, token), null);
            }

            _node.Send(message);
        }
        catch (Exception exception)
        {
            _pending.TryRemove(message.Id, out _);
            call.Fail(exception);
        }

        return call;
    }

    // The token stays here; the callee gets one of its own, which a message cancels.
    static CancellationToken TakeToken(Message message)
    {
        var index = message.Method!.CancellationIndex;
        if (index < 0)
        {
            return default;
        }

        var token = (CancellationToken)message.Arguments[index]!;
        message.Arguments[index] = CancellationToken.None;
        return token;
    }

    void Cancel(long id, CancellationToken token)
    {
        if (_pending.TryRemove(id, out var call))
        {
            _node.SendCancel(call.Request);
            call.Cancel(token);
        }
    }

    void Expire()
    {
        if (_pending.IsEmpty)
        {
            return;
        }

        var now = _time.GetTimestamp();
        foreach (var (id, call) in _pending)
        {
            if (now >= call.Deadline)
            {
                EngineMetrics.RequestTimedOut();
                Complete(id, null, new TimeoutException(
                    $"Response did not arrive on time in {_time.GetElapsedTime(call.SentAt, now)} for message: {call.Request}."));
            }
        }
    }
}
