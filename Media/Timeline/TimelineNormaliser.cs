using Tributary.Media.Frames;

namespace Tributary.Media.Timeline;

/// <summary>
/// Gives one publisher's frames a timeline that players can follow, whatever its clocks do: decoding times of each track rise strictly, audio
/// lies on its sample grid, and tracks stay in step. It repairs; it refuses a frame only where keeping it would push a track out of step.
/// </summary>
/// <remarks>
/// An <em>anchor</em> is a belief about the encoder's clock: timeline = clock + offset. A timestamp that fits no belief makes a new one, at the
/// place where the track would have gone on. Tracks share anchors, so when the encoder's clock jumps both follow together, and when one frame
/// alone is stamped wildly the next one finds the old anchor again.
/// Not thread-safe: a publisher has one reader.
/// </remarks>
public sealed class TimelineNormaliser(TimelineOptions options)
{
    const int MaxAnchors = 4;
    const long MinStep90k = 90;   // 1 ms, the finest step that RTMP encoders mean

    readonly long _forward90k = Ticks90k(options.ForwardTolerance);
    readonly long _backward90k = Ticks90k(options.BackwardTolerance);
    readonly Dictionary<int, TrackClock> _tracks = [];
    readonly List<long> _anchors = [];   // offsets, the newest first
    long _latest90k;

    /// <summary>Timestamps that were changed by more than the encoder's rounding.</summary>
    public long Mended { get; private set; }

    /// <summary>Frames refused because their track had run ahead of the others.</summary>
    public long Refused { get; private set; }

    /// <summary>
    /// Puts <paramref name="frame"/> on the publisher's timeline, which begins at 0, in ticks of the frame's track. False: leave it out.
    /// </summary>
    /// <param name="clock">The clock of the timestamps that the frame came with.</param>
    /// <param name="arrival">When it came, on any steady clock: what makes a pause different from a jump.</param>
    public bool TryNormalise(ref Frame frame, SourceClock clock, TimeSpan arrival)
    {
        var track = TrackOf(frame.Track);
        var source90k = MediaTime.Rescale(track.Unwrapper.Unwrap(frame.Dts, clock.WrapBits), clock.Hz, MediaTime.Hz90k);
        var dts90k = Place(track, source90k, arrival);
        track.Advance(dts90k, arrival);
        _latest90k = Math.Max(_latest90k, dts90k);

        var offset = Offset(frame, clock);
        track.Lead = Math.Max(track.Lead, -offset);
        if (!TryStamp(frame.Track, track, dts90k - track.Lead, out var dts))
        {
            Refused++;
            return false;
        }

        if (frame.Track.Kind == TrackKind.Video)
        {
            offset = Math.Max(track.Grid.Snap(dts90k + offset) - dts, 0);
        }

        frame = frame with
        {
            Dts = dts,
            CompositionOffset = (int)offset,
            Duration = frame.Track.Kind == TrackKind.Audio ? frame.Track.SamplesPerFrame : 0,
        };
        return true;
    }

    // Encoders that let decoding times run behind presentation times send negative offsets; TS has no place for them, and some readers of MP4
    // shift the whole track. So a track that has one is decoded earlier by as much, and its pictures are shown when they were to be shown.
    long Offset(in Frame frame, SourceClock clock)
    {
        var offset = MediaTime.RescaleNearest(frame.CompositionOffset, clock.Hz, frame.Track.Timescale);
        if (Math.Abs(offset) <= (long)(options.MaxCompositionOffset.TotalSeconds * frame.Track.Timescale))
        {
            return frame.Track.Kind == TrackKind.Video ? offset : 0;
        }

        Mended++;
        return 0;
    }

    // Where the frame belongs on the timeline, in 90 kHz ticks.
    long Place(TrackClock track, long source90k, TimeSpan arrival)
    {
        if (_anchors.Count == 0)
        {
            _anchors.Add(-source90k);
        }

        var expected = track.Started ? track.Last90k + track.Step90k : _latest90k;
        var waited = track.Started ? Ticks90k(arrival - track.LastArrival) : _forward90k;
        if (!TryFit(source90k, expected, waited, out var dts90k))
        {
            Mended++;
            dts90k = expected;
            Remember(dts90k - source90k);
        }

        if (!track.Started || dts90k > track.Last90k)
        {
            track.Clamped = 0;
            return dts90k;
        }

        Mended++;
        if (++track.Clamped >= 3)   // not one frame out of order: the clock went back a little and stays there
        {
            track.Clamped = 0;
            Remember(expected - source90k);
            return expected;
        }

        return track.Last90k + MinStep90k;
    }

    bool TryFit(long source90k, long expected, long waited, out long dts90k)
    {
        for (var i = 0; i < _anchors.Count; i++)
        {
            dts90k = source90k + _anchors[i];
            var step = dts90k - expected;
            if (step >= -_backward90k && step <= _forward90k + waited)
            {
                if (i > 0)
                {
                    Remember(_anchors[i]);
                }

                return true;
            }
        }

        dts90k = 0;
        return false;
    }

    void Remember(long anchor)
    {
        _anchors.Remove(anchor);
        _anchors.Insert(0, anchor);
        if (_anchors.Count > MaxAnchors)
        {
            _anchors.RemoveAt(MaxAnchors);
        }
    }

    bool TryStamp(TrackInfo info, TrackClock track, long dts90k, out long dts)
    {
        dts = MediaTime.RescaleNearest(dts90k, MediaTime.Hz90k, info.Timescale);
        if (info.Kind == TrackKind.Video || info.SamplesPerFrame == 0)
        {
            dts = Math.Max(info.Kind == TrackKind.Video ? track.Grid.Place(dts, info.MilliFramesPerSecond) : dts, track.NextSample);
            track.NextSample = dts + 1;
            return true;
        }

        var tolerance = (long)(options.AudioTolerance.TotalSeconds * info.Timescale);
        var drift = dts - track.NextSample;
        if (track.OnGrid && drift < -tolerance)
        {
            return false;
        }

        if (track.OnGrid && drift <= tolerance)
        {
            dts = track.NextSample;
        }
        else if (track.OnGrid)
        {
            Mended++;
        }

        track.OnGrid = true;
        track.NextSample = dts + info.SamplesPerFrame;
        return true;
    }

    TrackClock TrackOf(TrackInfo info)
    {
        if (!_tracks.TryGetValue(info.Id, out var track))
        {
            _tracks.Add(info.Id, track = new TrackClock());
        }

        track.Configure(info);
        return track;
    }

    static long Ticks90k(TimeSpan span) => MediaTime.Rescale(span.Ticks, (int)TimeSpan.TicksPerSecond, MediaTime.Hz90k);

    sealed class TrackClock
    {
        public TimestampUnwrapper Unwrapper;
        public PictureGrid Grid;
        int _timescale;

        public bool Started { get; private set; }

        public long Last90k { get; private set; }

        /// <summary>The last regular distance of two frames: where the next is expected.</summary>
        public long Step90k { get; private set; } = 3_000;

        public TimeSpan LastArrival { get; private set; }

        public int Clamped { get; set; }

        /// <summary>How much earlier the track is decoded than its encoder said, in 90 kHz ticks.</summary>
        public long Lead { get; set; }

        public bool OnGrid { get; set; }

        /// <summary>The lowest decoding time that the next frame may have, in the track's ticks; for audio the one that it should have.</summary>
        public long NextSample { get; set; } = long.MinValue;

        public void Configure(TrackInfo info)
        {
            if (_timescale != info.Timescale)
            {
                (_timescale, OnGrid) = (info.Timescale, false);   // another sample rate: a grid of its own
                NextSample = Started ? MediaTime.RescaleNearest(Last90k, MediaTime.Hz90k, info.Timescale) + 1 : long.MinValue;
            }
        }

        public void Advance(long dts90k, TimeSpan arrival)
        {
            if (Started && dts90k - Last90k is > 0 and < MediaTime.Hz90k)
            {
                Step90k = dts90k - Last90k;
            }

            (Started, Last90k, LastArrival) = (true, dts90k, arrival);
        }
    }
}
