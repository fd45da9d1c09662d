using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>
/// The way from this node to one silo: one connection, opened when the first message is sent. When it cannot be opened, or breaks, everything that was sent over
/// it and is not answered fails at once; the next message tries anew.
/// </summary>
sealed partial class TcpPeer(TcpLink link, SiloAddress silo, IPEndPoint endpoint, ConnectionPurpose purpose)
{
    readonly Queue<byte[]> _early = new();
    readonly Lock _gate = new();
    // Requests of others that passed here; their senders are told when the silo is lost.
    readonly ConcurrentDictionary<(SiloAddress Sender, long Id), PassedRequest> _passed = new();
    readonly TaskCompletionSource _over = Completion.Source();
    IConnection? _connection;
    bool _gone;
    bool _started;
    bool _saidLast;
    bool _finishes;

    public SiloAddress Silo => silo;

    public bool IsOpen => Volatile.Read(ref _connection) is not null && !_gone;

    /// <summary>
    /// The bytes of the message are on their way, or wait for the connection. False when the peer is gone, takes no requests any more, or too much waits: then
    /// nothing of it was sent.
    /// </summary>
    public bool TrySend(byte[] frame, MessageKind kind, WireHeader? passed)
    {
        lock (_gate)
        {
            // Asked under the lock, as SayLast is called: no request gets in behind the last.
            if (_gone || (kind is not (MessageKind.Response or MessageKind.Cancel) && (_saidLast || link.HasLeft(silo))))
            {
                return false;
            }

            // Noted before it is sent: the answer may be faster than this.
            var tracked = passed is { Kind: MessageKind.Request };
            if (tracked)
            {
                _passed[(passed!.Sender, passed.Id)] = new PassedRequest(passed, link.Around.Time.GetTimestamp());
            }

            var sent = TrySend(frame);
            if (tracked && !sent)
            {
                Answered(passed!.Sender, passed.Id);
            }

            return sent;
        }
    }

    /// <summary>
    /// Tells the silo, which leaves, that no request follows; answers still may. False when there is no connection, and none being opened, that could say so.
    /// </summary>
    public bool SayLast()
    {
        lock (_gate)
        {
            if (!_saidLast && !_gone && _started)
            {
                _saidLast = true;
                TrySend(Frames.Of(FrameType.LastRequest, ""));
            }

            return _saidLast && !_gone;
        }
    }

    /// <summary>Opens the connection without a message; over when it is open.</summary>
    public async Task Open(CancellationToken cancellationToken)
    {
        var opened = Opened.Task;
        lock (_gate)
        {
            Start();
        }

        await opened.WaitAsync(cancellationToken);
    }

    /// <summary>The requests of others that passed here and are not answered.</summary>
    public IEnumerable<WireHeader> Passed => _passed.Values.Select(p => p.Header).OrderBy(h => h.Id).ThenBy(h => h.Sender);

    public void Answered(SiloAddress sender, long id) => _passed.TryRemove((sender, id), out _);

    public void Expire(TimeSpan age)
    {
        foreach (var (key, request) in _passed)
        {
            if (link.Around.Time.GetElapsedTime(request.At) > age)
            {
                _passed.TryRemove(key, out _);
            }
        }
    }

    /// <summary>Ends the connection; what is under way fails.</summary>
    public void Close(string reason) => Lost(reason);

    /// <summary>Sends what was given, over a connection that is still being opened as well, then closes; over when the other end has read it all and closed too.</summary>
    public Task Finish()
    {
        lock (_gate)
        {
            _finishes = true;
            _connection?.Finish();
            return _started ? _over.Task : Task.CompletedTask;
        }
    }

    TaskCompletionSource Opened { get; } = Completion.Source();

    // Held: _gate.
    bool TrySend(byte[] frame)
    {
        if (_connection is { } open)
        {
            return open.TrySend(frame);
        }

        if (_early.Count >= 10_000)
        {
            return false;
        }

        _early.Enqueue(frame);
        Start();
        return true;
    }

    // Held: _gate.
    void Start()
    {
        if (_started)
        {
            return;
        }

        _started = true;
        link.Around.Threads.Start(Run);
    }

    async Task Run()
    {
        try
        {
            using var connection = await link.Dial(silo, endpoint, purpose);
            lock (_gate)
            {
                if (_gone)
                {
                    return;
                }

                while (_early.TryDequeue(out var frame))
                {
                    connection.TrySend(frame);
                }

                Volatile.Write(ref _connection, connection);
                if (_finishes)
                {
                    connection.Finish();
                }
            }

            // Counted first: whoever waits for it looks for an open gateway next.
            link.PeerOpened(this);
            Opened.TrySetResult();
            await connection.Run(link.LongestFrame, (type, payload) => link.Received(this, type, payload));
            Lost("the connection was closed");
        }
        catch (Exception exception)
        {
            Opened.TrySetException(new SiloUnavailableException($"There is no connection to {silo}: {exception.Message}", exception));
            _ = Opened.Task.Exception;
            Lost(exception.Message);
        }
    }

    void Lost(string reason)
    {
        IConnection? connection;
        byte[][] unsent;
        lock (_gate)
        {
            if (_gone)
            {
                return;
            }

            _gone = true;
            connection = _connection;
            unsent = [.. _early];
            _early.Clear();
        }

        connection?.Dispose();
        Opened.TrySetException(new SiloUnavailableException($"There is no connection to {silo}: {reason}"));
        _ = Opened.Task.Exception;
        LogLost(link.Log, silo, reason);
        link.PeerLost(this, reason, unsent);
        _over.TrySetResult();
    }

    readonly record struct PassedRequest(WireHeader Header, long At);

    [LoggerMessage(LogLevel.Information, "There is no connection to {Silo} any more: {Reason}")]
    static partial void LogLost(ILogger log, SiloAddress silo, string reason);
}
