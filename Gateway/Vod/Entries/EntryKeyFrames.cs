using Tributary.Media.Frames;
using Tributary.Media.Pictures;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Key frames of entries, for pictures of them: for each moment 1. the clip that has it is opened, 2. of its renditions the smallest that is large enough is
/// taken, 3. the last key frame that is not after the moment is read.
/// </summary>
sealed class EntryKeyFrames(VodEntries entries)
{
    /// <summary>Bytes of all key frames of one answer.</summary>
    const long MaxBytes = 64 << 20;

    static readonly ReadingOptions Reading = new();

    /// <summary>Differs where the entry's content does; empty where there is none.</summary>
    public async ValueTask<string> IdentityOf(MediaSetDescription set, CancellationToken cancellation)
    {
        SourceClip[] clips = [.. Clips(set)];
        return clips.Length == 0 ? "" : $"{await KeyOf(clips[0], cancellation)} {await KeyOf(clips[^1], cancellation)}";
    }

    /// <summary>The key frames, none for a moment that has none.</summary>
    /// <param name="set">The entry.</param>
    /// <param name="moments">When.</param>
    /// <param name="most">The most moments.</param>
    /// <param name="width">Points of the pictures that are to be made of them.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="IOException">The entry's media cannot be read (any more).</exception>
    public async ValueTask<List<KeyFrame>> ReadAsync(MediaSetDescription set, PictureMoments moments, int most, int width, CancellationToken cancellation)
    {
        var (clips, found, bytes) = (Clips(set).ToArray(), new List<KeyFrame>(), 0L);
        var (current, movie) = (-1, (Movie?)null);
        try
        {
            if (clips.Length > 0 && set.Durations.Count == 0)
            {
                (current, movie) = (0, await OpenAsync(clips[0], width, cancellation));
            }

            foreach (var moment in moments.Of((set.Durations.Count == 0 ? movie?.Milliseconds ?? 0 : set.Durations.Sum()) / 1_000d, most))
            {
                // 1. and 2.
                var (clip, within) = Place(set.Durations, clips.Length, (long)(moment * 1_000));
                if (clip != current && clip < clips.Length)
                {
                    await (movie?.DisposeAsync() ?? default);
                    (current, movie) = (clip, await OpenAsync(clips[clip], width, cancellation));
                }

                // 3.
                if (movie is not null && bytes < MaxBytes && await movie.ReadAsync(within, cancellation) is { Length: > 0 } frame)
                {
                    found.Add(new KeyFrame(movie.Track.Info, frame));
                    bytes += frame.Length;
                }
            }
        }
        finally
        {
            await (movie?.DisposeAsync() ?? default);
        }

        return found;
    }

    static IEnumerable<SourceClip> Clips(MediaSetDescription set) => set.Sequences[0].Clips.OfType<SourceClip>();

    async ValueTask<string> KeyOf(SourceClip clip, CancellationToken cancellation)
    {
        var opened = await entries.OpenAsync(clip.Path, cancellation);
        await (opened.Source?.DisposeAsync() ?? default);
        return opened.Key;
    }

    static (int Clip, long Within) Place(IReadOnlyList<long> durations, int count, long milliseconds)
    {
        var clip = 0;
        for (; clip < Math.Min(durations.Count, count) - 1 && milliseconds >= durations[clip]; clip++)
        {
            milliseconds -= durations[clip];
        }

        return (clip, milliseconds);
    }

    async ValueTask<Movie?> OpenAsync(SourceClip clip, int width, CancellationToken cancellation)
    {
        if ((await entries.OpenAsync(clip.Path, cancellation)).Source is not { } source)
        {
            return null;
        }

        try
        {
            var read = await MediaFormats.ReadAsync(source, Reading, cancellation);
            var tracks = read.File?.Tracks.Where(track => track is { Info.Kind: TrackKind.Video, Encryption: null, FramesDamage: "" }).OrderBy(track => track.Info.Width).ToList() ?? [];
            if ((tracks.Find(track => track.Info.Width >= width) ?? tracks.LastOrDefault()) is { } track)
            {
                return new Movie(source, track);
            }
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }

        await source.DisposeAsync();
        return null;
    }

    sealed class Movie(IByteSource source, SourceTrack track) : IAsyncDisposable
    {
        public SourceTrack Track => track;

        public long Milliseconds => track.Duration * 1_000 / track.Info.Timescale;

        public async ValueTask<byte[]> ReadAsync(long milliseconds, CancellationToken cancellation)
        {
            var time = Math.Max(0, milliseconds * track.Info.Timescale / 1_000 - track.StartOffset);
            var at = Math.Min(track.FindFrame(time), track.FrameCount - 1);
            var key = track.PreviousKeyFrame(at > 0 && track.DecodeTimeOf(at) > time ? at - 1 : at);
            var frame = new SourceFrame[1];
            if (track.Read(key >= 0 ? key : track.NextKeyFrame(0), frame) != 1 || frame[0].Size is <= 0 or > (int)MaxBytes || frame[0].Offset > source.Length - frame[0].Size)
            {
                return [];
            }

            var bytes = new byte[frame[0].Size];
            return await source.ReadAsync(frame[0].Offset, bytes, cancellation) == bytes.Length ? bytes : [];
        }

        public ValueTask DisposeAsync() => source.DisposeAsync();
    }
}
