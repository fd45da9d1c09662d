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
    IConnection? _connection;
    bool _gone;
    bool _started;

    public SiloAddress Silo => silo;

    public bool IsOpen => Volatile.Read(ref _connection) is not null && !_gone;

    /// <summary>The bytes of the message are on their way, or wait for the connection; false when the peer is gone or too much waits.</summary>
    public bool TrySend(byte[] frame, WireHeader? passed)
    {
        lock (_gate)
        {
            if (_gone)
            {
                return false;
            }

            if (passed is { Kind: MessageKind.Request })
            {
                _passed[(passed.Sender, passed.Id)] = new PassedRequest(passed, link.Around.Time.GetTimestamp());
            }

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

    public void Answered(SiloAddress sender, long id) => _passed.TryRemove((sender, id), out _);

    /// <summary>Requests that passed here and are not answered yet, as far as the answers come by here.</summary>
    public int PassedCount => _passed.Count;

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

    public void Finish()
    {
        lock (_gate)
        {
            _connection?.Finish();
        }
    }

    TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

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
            }

            Opened.TrySetResult();
            link.PeerOpened(this);
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
        lock (_gate)
        {
            if (_gone)
            {
                return;
            }

            _gone = true;
            connection = _connection;
            _early.Clear();
        }

        connection?.Dispose();
        Opened.TrySetException(new SiloUnavailableException($"There is no connection to {silo}: {reason}"));
        _ = Opened.Task.Exception;
        LogLost(link.Log, silo, reason);
        link.PeerLost(this, reason, [.. _passed.Values.Select(p => p.Header)]);
    }

    readonly record struct PassedRequest(WireHeader Header, long At);

    [LoggerMessage(LogLevel.Information, "There is no connection to {Silo} any more: {Reason}")]
    static partial void LogLost(ILogger log, SiloAddress silo, string reason);
}
