using System.Buffers;
using System.Text.Json;

namespace Orleans.Runtime;

// Its connection: opened, listened to, and closed.
sealed partial class Heartbeat
{
    // Where there is one, it stays until the next one is open: what is answered over it meanwhile counts.
    async Task Connect(Task limit)
    {
        if (_connection is not null && !IsLastTry)
        {
            return;
        }

        var dialling = _link.Dial(_silo, _silo.Endpoint, ConnectionPurpose.Control);
        if (await Task.WhenAny(dialling, _waiting.Task, limit) != dialling)
        {
            _ = Abandon(dialling);
            return;
        }

        var connection = await dialling;
        if (_stop.IsCancellationRequested)
        {
            connection.Dispose();
            throw new OperationCanceledException("The watch is over.");
        }

        _connection?.Dispose();
        _ = Listen(connection);
        connection.TrySend(Greeting());
        Volatile.Write(ref _connection, connection);
    }

    static async Task Abandon(Task<IConnection> dialling)
    {
        try
        {
            (await dialling).Dispose();
        }
        catch (Exception)
        {
            // Nobody waits for it any more.
        }
    }

    async Task Listen(IConnection connection)
    {
        try
        {
            await connection.Run(Frames.LongestControl, (type, payload) =>
            {
                if (type == FrameType.Reply)
                {
                    _questions.Answer(payload);
                }
                else if (type == FrameType.Leaving)
                {
                    connection.TrySend(Leaving());
                }
                else if (type == FrameType.Pong && JsonSerializer.Deserialize<Pong>(payload.ToArray()) is { } pong && pong.Number > _answered)
                {
                    _answered = pong.Number;
                    _waiting.TrySetResult(pong);
                }
            });
        }
        catch (Exception)
        {
            // The round sees that it is closed.
        }
    }

    void Close()
    {
        _connection?.Dispose();
        Volatile.Write(ref _connection, null);
    }
}
