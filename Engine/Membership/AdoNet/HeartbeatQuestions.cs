using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;

namespace Orleans.Runtime;

sealed record Question(long Number, string Grain);

sealed record Reply(long Number, bool Has);

/// <summary>Which grains live at the silo that a <see cref="Heartbeat"/> watches, asked over the same connection.</summary>
sealed class HeartbeatQuestions(TimeSpan patience, TimeProvider time)
{
    readonly ConcurrentDictionary<long, TaskCompletionSource<bool>> _waiting = new();
    long _last;

    /// <summary>False as well where nobody answers in time.</summary>
    public async Task<bool> Ask(IConnection? connection, GrainId grain)
    {
        if (connection is null)
        {
            return false;
        }

        var number = Interlocked.Increment(ref _last);
        var reply = _waiting[number] = Completion.Source<bool>();
        try
        {
            connection.TrySend(Frames.Of(FrameType.Ask, new Question(number, grain.ToString())));
            return await reply.Task.WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            _waiting.TryRemove(number, out _);
        }
    }

    public void Answer(in ReadOnlySequence<byte> payload)
    {
        if (JsonSerializer.Deserialize<Reply>(payload.ToArray()) is { } reply && _waiting.TryGetValue(reply.Number, out var waiting))
        {
            waiting.TrySetResult(reply.Has);
        }
    }
}
