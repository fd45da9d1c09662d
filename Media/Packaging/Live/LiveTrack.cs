using System.Buffers;
using Tributary.Media.Containers;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>
/// The writer's side of one track: gathers frames into parts and parts into the open segment. A frame's duration is the distance to the next one,
/// so a part is written when the frame after it is known, or when nothing more can come.
/// </summary>
sealed class LiveTrack(int slot, TrackInfo info, int number, SegmentMuxers muxers)
{
    readonly List<Frame> _pending = new(64);
    readonly ArrayBufferWriter<byte> _header = new(4096);
    InitSegment? _init;
    int _pendingPart;
    int _lastDuration;
    long _lastDts90k = long.MinValue;

    public int Slot => slot;

    /// <summary>Name of the rendition in URLs: v1, a1 …</summary>
    public string Name { get; } = (info.Kind == TrackKind.Video ? "v" : "a") + number;

    /// <summary>The number in its name.</summary>
    public int Number => number;

    public TrackInfo Info { get; private set; } = info;

    /// <summary>The segment to which the track adds; null while it has no frame in any.</summary>
    public LiveSegment? Open { get; private set; }

    /// <summary>Number of the open segment; -1 while there is none.</summary>
    public long OpenMsn => Open?.Msn ?? -1;

    /// <summary>The first segment that is not complete; every number from <see cref="FirstMsn"/> up to it is.</summary>
    public long NextMsn { get; set; }

    public long FirstMsn { get; init; }

    public SegmentMark? OpenMark => Open?.Mark;

    /// <summary>What a player needs before the open segment.</summary>
    public InitSegment? OpenInit => Open is null ? null : _init;

    public long OpenBytes { get; private set; }

    /// <summary>What the master playlist says of the track, from its complete segments.</summary>
    public TrackMeasure Measured { get; private set; }

    /// <summary>The track as views show it. It is another only when the track itself has changed.</summary>
    public TrackView? View { get; set; }

    /// <summary>Whether it has changed since <see cref="View"/> was made.</summary>
    public bool IsChanged { get; set; }

    /// <summary>Whether <paramref name="frame"/> can join the open segment: one segment has one configuration.</summary>
    public bool Accepts(in Frame frame) =>
        OpenMsn < 0 || ReferenceEquals(frame.Track, Info) || frame.Track.IsSameConfiguration(Info);

    /// <summary>Distance of <paramref name="frame"/> to the one before it, in 90 kHz ticks; 0 for the first, also after a pause: that is no frame's length.</summary>
    public long Step90k(in Frame frame)
    {
        var dts90k = frame.Dts90k;
        var step = _lastDts90k == long.MinValue ? 0 : dts90k - _lastDts90k;
        _lastDts90k = dts90k;
        return step;
    }

    /// <summary>Adds a frame to <paramref name="segment"/>, which is the open one or is it from here on. Keeps the frame's reference.</summary>
    public void Add(in MarkedFrame marked, LiveSegment segment)
    {
        if (Open is null)
        {
            (Open, OpenBytes) = (segment, 0);
            Configure(marked.Frame.Track);
        }
        else if (marked.Part != _pendingPart && _pending.Count > 0)
        {
            ClosePart(marked.Frame.Dts);
        }

        _pendingPart = marked.Part;
        _pending.Add(marked.Frame);
        OpenBytes += marked.Frame.Data.Length;
    }

    /// <summary>Ends the open segment. <paramref name="nextDts"/>: where the track goes on, when it goes on without a discontinuity.</summary>
    public TrackSegment Close(long? nextDts)
    {
        if (_pending.Count > 0)
        {
            ClosePart(nextDts);
        }

        long duration = 0;
        var parts = Open!.Parts(Slot);
        foreach (var part in parts)
        {
            duration += part.Duration;
        }

        (Open, OpenBytes) = (null, 0);
        _lastDts90k = nextDts is null ? long.MinValue : _lastDts90k;
        return new TrackSegment(_init, parts, duration, Info.Timescale);
    }

    public void Measure(TrackSegment segment, int targetDuration) => Measured = Measured.With(segment, targetDuration);

    /// <summary>Lets go of the open segment; its parts go with it.</summary>
    public void Discard()
    {
        foreach (var frame in _pending)
        {
            frame.Data.Release();
        }

        _pending.Clear();
        (Open, OpenBytes, _lastDts90k) = (null, 0, long.MinValue);
    }

    void Configure(TrackInfo track)
    {
        if (_init is null || !ReferenceEquals(track, Info))
        {
            var init = new InitSegment(track, muxers.Init);
            _init = _init?.Number == init.Number ? _init : init;
            Info = track;
        }
    }

    void ClosePart(long? nextDts)
    {
        var frames = _pending.ToArray();
        _pending.Clear();
        var last = frames[^1];
        _lastDuration = LastDuration(frames, nextDts);
        var payload = 0L;
        foreach (ref readonly var frame in frames.AsSpan())
        {
            payload += frame.Data.Length;
        }

        _header.ResetWrittenCount();
        WriteSyncPoint(frames[0]);
        WriteMetadata(frames);
        var events = _header.WrittenCount;
        var sequence = unchecked((uint)(OpenMsn * 64 + Open!.Parts(Slot).Length));
        muxers.ChunkHeader(_header, Info, frames, last.Dts + _lastDuration, sequence);
        var duration = last.Dts - frames[0].Dts + _lastDuration;
        Open!.Add(Slot, new TrackPart(_header.WrittenSpan.ToArray(), frames, payload, duration) { EventsLength = events });
        IsChanged = true;
    }

    // With the picture alone: a player that fetches picture and sound takes it once.
    void WriteSyncPoint(in Frame first)
    {
        if (muxers.SyncPoint is { } write && Info.Kind == TrackKind.Video && Open!.Parts(Slot).Length == 0 && Open.Mark is { } mark)
        {
            EventMessage.WriteId3(_header, Info.Timescale, first.Pts, unchecked((uint)mark.Msn), write(mark));
        }
    }

    void WriteMetadata(ReadOnlySpan<Frame> frames)
    {
        foreach (ref readonly var frame in muxers.SyncPoint is null ? default : frames)
        {
            foreach (var said in frame.Metadata ?? [])
            {
                var pts = frame.Dts + MediaTime.RescaleNearest(said.Offset90k, MediaTime.Hz90k, Info.Timescale);
                EventMessage.WriteId3(_header, Info.Timescale, pts, EventMessage.IdOf(pts, said.Text), Id3Text.Tag(said.Text));
            }
        }
    }

    int LastDuration(ReadOnlySpan<Frame> frames, long? nextDts)
    {
        var last = frames[^1];
        if (nextDts > last.Dts)
        {
            return (int)Math.Min(nextDts.Value - last.Dts, int.MaxValue);
        }

        if (last.Duration > 0)
        {
            return last.Duration;
        }

        if (frames.Length > 1 && last.Dts > frames[^2].Dts)
        {
            return (int)Math.Min(last.Dts - frames[^2].Dts, int.MaxValue);
        }

        return NominalDuration(last.Track);
    }

    int NominalDuration(TrackInfo track)
    {
        if (track.SamplesPerFrame > 0)
        {
            return track.SamplesPerFrame;
        }

        if (track.MilliFramesPerSecond > 0)
        {
            return (int)(track.Timescale * 1_000L / track.MilliFramesPerSecond);
        }

        return _lastDuration > 0 ? _lastDuration : track.Timescale / 30;
    }
}
