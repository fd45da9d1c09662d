using Tributary.Grains.VodEntries;

namespace Tributary.Grains.Recordings;

/// <summary>A volume of a recording is complete on the disk of this node.</summary>
/// <param name="Stream">The live stream.</param>
/// <param name="Entry">The entry that it belongs to.</param>
/// <param name="Path">Its index; the media files of its renditions stand beside it.</param>
/// <param name="Started">Wall clock of its first picture.</param>
/// <param name="Duration">Media time.</param>
/// <param name="Bytes">Bytes of media.</param>
public sealed record RecordingEvent(string Stream, string Entry, string Path, DateTimeOffset Started, TimeSpan Duration, long Bytes)
{
    internal static RecordingEvent Of(string stream, RecordedVolume volume, string path) =>
        new(stream, volume.Entry, path, volume.Started, RecordedVolume.DurationOf([volume]), volume.Bytes);
}

/// <summary>Where whoever wants to hear of recordings on this node listens. Called on the thread that writes: hand it on, do not wait.</summary>
public sealed class RecordingEvents
{
    public event Action<RecordingEvent>? VolumeEnded;

    /// <summary>One that a run of this node which crashed left open is complete with what there is of it.</summary>
    public event Action<RecordingEvent>? VolumeRepaired;

    /// <summary>Whether somebody has still to be given a recording of this name: it stays on the disk until then. Set before any host starts.</summary>
    public Func<string, bool> IsAwaited { get; set; } = static _ => false;

    internal void Raise(RecordingEvent happened) => VolumeEnded?.Invoke(happened);

    internal void RaiseRepaired(RecordingEvent happened) => VolumeRepaired?.Invoke(happened);
}
