using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;

namespace Tributary.Ingest.Publishing;

// What goes with the frames: what the encoder says, and sync points that were asked for.
public sealed partial class StreamHub
{
    readonly SaidQueue _said = new(options.MaxDataMessages, metrics);
    SyncPointOrder? _wanted;
    PeriodicSyncPoints? _points;
    DateTimeOffset? _firstMarked;

    /// <summary>Name of the stream in the sync points that it emits.</summary>
    public string Name { get; init; } = "";

    /// <summary>Takes what the encoder says to its viewers; the next frame carries it.</summary>
    public void Accept(string text, long timestamp)
    {
        lock (_gate)
        {
            _said.Add(text, timestamp, time.GetElapsedTime(_began));
        }
    }

    /// <summary>Emits sync points from the next frame on; the same order again changes nothing.</summary>
    public void Emit(SyncPointOrder? order)
    {
        lock (_gate)
        {
            _wanted = order ?? _wanted;
        }
    }

    void AddSyncPoint(ref MarkedFrame marked)
    {
        _firstMarked ??= marked.Segment.ProgramDateTime;
        if (_wanted is not { } order || !_marker!.Leads(marked.Frame))
        {
            return;
        }

        if (_points?.Order != order)
        {
            _points = new PeriodicSyncPoints(Name, order, _firstMarked.Value);
        }

        if (_points.At(marked) is { } point)
        {
            metrics.SyncPoint();
            marked = marked with { Frame = marked.Frame with { Metadata = [.. marked.Frame.Metadata ?? [], point] } };
        }
    }
}
