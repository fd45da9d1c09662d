using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Tributary.Grains.LiveStreams;

namespace Tributary.Gateway.Live;

/// <summary>
/// What the grains say of streams, asked once and shared by everybody who wants to know within <see cref="EdgeOptions.StateAge"/>. However many
/// viewers poll, and however many names somebody tries, the grains see a bounded number of questions.
/// </summary>
public sealed class StreamDirectory(IGrainFactory grains, IOptions<EdgeOptions> options, TimeProvider time)
{
    readonly ConcurrentDictionary<string, Answer<LiveStreamDescription>> _streams = new(StringComparer.Ordinal);
    readonly Lock _gate = new();
    Answer<IReadOnlyList<StreamListing>>? _list;
    int _asking;

    /// <summary>The stream, on air or not. Throws <see cref="StreamDirectoryException"/> where nobody answers in time.</summary>
    public Task<LiveStreamDescription> Describe(string stream)
    {
        if (_streams.TryGetValue(stream, out var known) && IsFresh(known))
        {
            return known.Task;
        }

        lock (_gate)
        {
            if (_streams.TryGetValue(stream, out known) && IsFresh(known))
            {
                return known.Task;
            }

            MakeRoom();
            var answer = new Answer<LiveStreamDescription>(Ask(() => grains.GetGrain<ILiveStreamGrain>(stream).Describe()), time.GetTimestamp());
            _streams[stream] = answer;
            return answer.Task;
        }
    }

    /// <summary>Every stream that is live or held, by name. Throws <see cref="StreamDirectoryException"/> where nobody answers in time.</summary>
    public Task<IReadOnlyList<StreamListing>> List()
    {
        lock (_gate)
        {
            if (_list is null || !IsFresh(_list))
            {
                _list = new Answer<IReadOnlyList<StreamListing>>(Ask(grains.ListStreams), time.GetTimestamp());
            }

            return _list.Task;
        }
    }

    async Task<T> Ask<T>(Func<Task<T>> question)
    {
        if (Interlocked.Increment(ref _asking) > options.Value.MaxQuestions)
        {
            Interlocked.Decrement(ref _asking);
            throw new StreamDirectoryException("Too many questions about streams are under way.", null);
        }

        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // not under the lock
            return await question().WaitAsync(options.Value.AnswerTimeout, time);
        }
        catch (Exception exception)   // of the network, of silos, of the storage behind a grain
        {
            throw new StreamDirectoryException("The cluster does not answer.", exception);
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }
    }

    bool IsFresh<T>(Answer<T> answer) => !answer.Task.IsCompleted || time.GetElapsedTime(answer.AskedAt) < options.Value.StateAge;

    void MakeRoom()
    {
        if (_streams.Count < options.Value.MaxStates)
        {
            return;
        }

        foreach (var (name, answer) in _streams)
        {
            if (!IsFresh(answer) || _streams.Count >= options.Value.MaxStates)
            {
                _streams.TryRemove(name, out _);
            }
        }
    }

    sealed record Answer<T>(Task<T> Task, long AskedAt);
}

/// <summary>The grains did not answer.</summary>
public sealed class StreamDirectoryException(string message, Exception? inner) : Exception(message, inner);
