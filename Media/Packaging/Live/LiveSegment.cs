using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>
/// One number of the stream's timeline in a window: what every track has in it, and the forms that were muxed from it. It counts its readers:
/// the frames go back with the last of them, the window's own reference included.
/// </summary>
public sealed class LiveSegment
{
    readonly TrackSegment?[] _tracks;
    readonly TrackPart[]?[] _parts;
    readonly Lock _gate = new();
    List<TsForm>? _tsForms;
    int _references = 1;
    int _use;   // of its parts while it is open: 0 none, Sent, or Settled

    internal LiveSegment(long msn, SegmentMark? mark, int slots) =>
        (Msn, Mark, _tracks, _parts) = (msn, mark, new TrackSegment?[slots], new TrackPart[]?[slots]);

    const int Sent = 1;
    const int Settled = 2;

    public long Msn { get; }

    /// <summary>Null for a number that no source ever used: a gap in every rendition.</summary>
    public SegmentMark? Mark { get; }

    /// <summary>Length on the timeline in 90 kHz ticks: that of its longest track so far.</summary>
    public long Duration90k { get; private set; }

    internal long Bytes { get; private set; }

    /// <summary>The track's share where it is complete, else null.</summary>
    public TrackSegment? Track(int slot) => slot < 0 ? null : Volatile.Read(ref _tracks[slot]);

    /// <summary>The track's parts so far, in order. The array is never written again: one more part is another array.</summary>
    public TrackPart[] Parts(int slot) => Volatile.Read(ref _parts[slot]) ?? [];

    /// <summary>Takes over the part's frames.</summary>
    internal void Add(int slot, TrackPart part) => Volatile.Write(ref _parts[slot], [.. Parts(slot), part]);

    internal void Complete(int slot, TrackSegment segment)
    {
        Duration90k = Math.Max(Duration90k, segment.Duration90k);
        Bytes += segment.Length;
        Volatile.Write(ref _tracks[slot], segment);
    }

    /// <summary>Notes that somebody gets a part of it. False: its source was replaced, and what is here may be begun anew.</summary>
    internal bool TrySend() => Interlocked.CompareExchange(ref _use, Sent, 0) != Settled;

    /// <summary>Its source is replaced: no part is sent from here on, unless one was before. True: one was.</summary>
    internal bool Settle() => Interlocked.CompareExchange(ref _use, Settled, 0) == Sent;

    /// <summary>End of its parts so far in 90 kHz ticks, over all tracks; its start where there are none.</summary>
    internal long PartsEnd90k(long start90k)
    {
        var end90k = start90k;
        foreach (var part in _parts.SelectMany(parts => parts ?? []))
        {
            var last = part.Frames[^1];
            end90k = Math.Max(end90k, last.Dts90k + MediaTime.Rescale(Math.Max(part.Duration - (last.Dts - part.Frames[0].Dts), 0), last.Track.Timescale, MediaTime.Hz90k));
        }

        return end90k;
    }

    /// <summary>Takes a reference unless the last one is gone.</summary>
    internal bool TryRetain()
    {
        var seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            var before = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
        {
            return;
        }

        foreach (var part in _parts.SelectMany(parts => parts ?? []))
        {
            part.ReleaseFrames();
        }

        foreach (var form in _tsForms ?? [])
        {
            form.Dispose();
        }
    }

    /// <summary>The transport stream form, muxed by whoever asks first. The caller holds a reference.</summary>
    internal TsForm Ts(int video, int audio, SegmentMuxers muxers)
    {
        TsForm? form;
        lock (_gate)
        {
            form = _tsForms?.Find(known => known.Video == video && known.Audio == audio);
            if (form is null)
            {
                form = new TsForm(video, audio);
                (_tsForms ??= []).Add(form);
            }
        }

        form.Mux(this, muxers);
        return form;
    }
}
