using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Live;
using Tributary.Grains.Recordings;
using Tributary.Grains.VodEntries;
using Tributary.Media.Journal;

namespace Tributary.Gateway.Recorded;

/// <summary>Recorded entries: what their grains say, asked once and shared for a while, and what their journals hold.</summary>
sealed class RecordedEntries(IGrainFactory grains, JournalSources sources, IOptions<EdgeOptions> edge, IOptions<RecordedOptions> options, TimeProvider time)
{
    readonly ConcurrentDictionary<string, (long AskedAt, Task<VodEntryDescription?> Answer)> _known = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, (RecordedTimeline Of, Task<MovieDownload?> Movie)> _movies = new(StringComparer.Ordinal);

    /// <summary>The entry; null where there is none. Throws <see cref="StreamDirectoryException"/> where nobody answers in time.</summary>
    public async Task<VodEntryDescription?> Describe(string entry)
    {
        if (!_known.TryGetValue(entry, out var known) || time.GetElapsedTime(known.AskedAt) >= edge.Value.StateAge)
        {
            if (_known.Count >= edge.Value.MaxStates)
            {
                _known.Clear();
            }

            known = (time.GetTimestamp(), grains.GetGrain<IVodEntryGrain>(entry).Describe());
            _known[entry] = known;
        }

        try
        {
            return await known.Answer.WaitAsync(edge.Value.AnswerTimeout, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            _known.TryRemove(entry, out _);
            throw new StreamDirectoryException("The cluster does not answer.", exception);
        }
    }

    /// <summary>What the journals of an entry hold now.</summary>
    public Task<OpenTimeline.Snapshot> Open(VodEntryDescription entry) =>
        sources.Open(JournalKind.Recordings, entry.Id).Look([.. entry.Volumes.Select(volume => volume.Node).Distinct()], edge.Value.StateAge);

    public IJournalSource? SourceOf(TimelineVolume volume) => sources.Of(volume.Node);

    /// <summary>The entry as one file; null where it has nothing to play.</summary>
    public async Task<MovieDownload?> Movie(VodEntryDescription entry)
    {
        var timeline = (await Open(entry)).Timeline;
        if (_movies.TryGetValue(entry.Id, out var known) && ReferenceEquals(known.Of, timeline))
        {
            return await known.Movie;
        }

        while (_movies.Count >= options.Value.MaxMovies && _movies.Keys.FirstOrDefault() is { } other)
        {
            _movies.TryRemove(other, out _);
        }

        var movie = Task.Run(() => MovieDownload.Build(timeline, entry.Id, run => SourceOf(run.Volume), CancellationToken.None));
        _movies[entry.Id] = (timeline, movie);
        return await movie;
    }
}
