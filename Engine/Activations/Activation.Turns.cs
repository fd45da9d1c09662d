using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

// Which calls run, and when the others may.
sealed partial class Activation
{
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

    [LoggerMessage(LogLevel.Error, "A turn of {Activation} failed")]
    static partial void LogTurnFailed(ILogger log, Exception exception, string activation);
}
