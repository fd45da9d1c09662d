using Tributary.Media.Frames;
using Tributary.Protocols.Flv;

namespace Tributary.Gateway.Streaming;

// How a frame is muxed: its time, what decoders must know before, and its bytes.
sealed partial class MuxedStream
{
    const int Milliseconds = 1_000;
    const long JumpBack = 1_000, AudioJoins = 1_000, TracksKnown = 500;

    // The first frames are held until the second track has shown itself: tables or a header that do not name it stay wrong for who began with them.
    void Take(in Frame frame)
    {
        if (_isOpen)
        {
            Append(frame);
        }
        else if (_muxer.Carries(frame.Track))
        {
            frame.Data.Retain();
            _held.Add(frame);
            if (_held[0].Track.Kind != frame.Track.Kind || Milliseconds * (frame.Dts - _held[0].Dts) >= TracksKnown * frame.Track.Timescale)
            {
                Open();
            }
        }
    }

    void Open()
    {
        _isOpen = true;
        foreach (var frame in _held)
        {
            var track = frame.Track.Kind == TrackKind.Video ? _video : _audio;
            if (track.Takes(frame.Track, out var isNew) && isNew)
            {
                Announce(track);
            }
        }

        foreach (var frame in _held)
        {
            Append(frame);
            frame.Data.Release();
        }

        _held.Clear();
    }

    void Append(in Frame frame)
    {
        var track = frame.Track.Kind == TrackKind.Video ? _video : _audio;
        if (!_muxer.Carries(frame.Track) || !track.Takes(frame.Track, out var isNew))
        {
            return;
        }

        // 1. Time, in ms and never far back: a viewer's clock goes on whatever the source does.
        var time = MediaTime.RescaleNearest(frame.Dts, frame.Track.Timescale, Milliseconds) + _shift;
        if (_startTime == long.MinValue)
        {
            (_shift, _startTime, time) = (-time, 0, 0);
        }
        else if (time < _newest - JumpBack)
        {
            _shift += _newest - time;
            time = _newest;
        }

        time = Math.Max(time, track.Last >= 0 ? track.LastTime : time);
        _newest = Math.Max(_newest, time);

        // 2. What decoders need to know before.
        if (isNew)
        {
            Announce(track);
            Tell(track, time);
        }

        // 3. The frame, and what nobody can still want.
        var joins = Joins(frame, time);
        var (bytes, length) = _muxer.Write(frame with { Track = track.AsDefault! }, time, track.Step(time), joins, _arena);
        Keep(bytes, length, track, time, joins);
        LetGo();
    }

    // Those who join are told of everything at once.
    void Announce(MuxedTrack track)
    {
        var (video, audio) = (_video.AsDefault, _audio.AsDefault);
        var configuration = FlvFromFrames.Configuration(track.AsDefault!);
        var announcement = _announcement with { Video = video, Audio = audio, Metadata = FlvMetadata.Write(video, audio) };
        announcement = track == _video
            ? announcement with { VideoConfiguration = configuration }
            : announcement with { AudioConfiguration = configuration };
        Volatile.Write(ref _announcement, announcement);
        _muxer.Announce(announcement);
    }

    // Those who watch get the configuration as a frame of its own.
    void Tell(MuxedTrack track, long time)
    {
        var configuration = FlvFromFrames.Configuration(track.AsDefault!);
        if (configuration.Length > 0)
        {
            var (bytes, length) = _muxer.Configure(track.Kind, configuration, time, track.Step(time), _arena);
            if (bytes.Length > 0)
            {
                Keep(bytes, length, track, time, joins: false);
            }
        }
    }

    // Where there are pictures, at their key frames; in sound alone, once a second.
    bool Joins(in Frame frame, long time)
    {
        if (frame.Track.Kind == TrackKind.Video)
        {
            return frame.IsKey;
        }

        var lastPicture = _video.Last >= 0 ? _video.LastTime : _startTime;
        return time - lastPicture >= AudioJoins && time - _lastJoinTime >= AudioJoins;
    }
}
