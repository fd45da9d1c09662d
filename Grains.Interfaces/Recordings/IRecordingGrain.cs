using Orleans.Concurrency;
using Tributary.Grains.LiveStreams;

namespace Tributary.Grains.Recordings;

/// <summary>
/// Stands for what is kept of one live stream: the plan (record it or not, as which entry, how far viewers may go back), the node whose recorder does it,
/// and how far that has come. The key is the stream's name. Media is written by the recorder, never here.
/// </summary>
[Alias("tributary.recording")]
public interface IRecordingGrain : IGrainWithStringKey
{
    /// <summary>The stream's grain says what became of it; <paramref name="nextMsn"/> is the segment that is cut next.</summary>
    [OneWay]
    [Alias("stream-changed")]
    Task StreamChanged(StreamState state, long nextMsn);

    /// <summary>Comes to life, if it is not, and looks after its recorder: a node that starts with journals of the stream on its disk says so.</summary>
    [OneWay]
    [Alias("tend")]
    Task Tend();

    /// <summary>
    /// Comes to life, if it is not, and says whether there is anything to look after: the stream's grain asks while it is on air, as this one may have gone
    /// down together with its recorder, and then nobody else calls it.
    /// </summary>
    [Alias("is-wanted")]
    Task<bool> IsWanted();

    /// <summary>Records from the segment on that is being cut, whatever the configuration says, until <see cref="Stop"/>. Off air: as soon as it is live.</summary>
    [Alias("start")]
    Task<RecordingDescription> Start();

    /// <summary>The same from segment <paramref name="msn"/> on, as far as the source's host still has it: for who decides a moment after the start.</summary>
    [Alias("start-from")]
    Task<RecordingDescription> StartFrom(long msn);

    /// <summary>Ends the recording, whether it was commanded or configured; what there is can be played at once. The stream's next time on air follows the configuration again.</summary>
    [Alias("stop")]
    Task<RecordingDescription> Stop();

    /// <summary>The recorder says, once a second and when something changed, how far it is. The answer is what it shall do.</summary>
    [Alias("report")]
    Task<RecorderOrder> Report(RecorderReport report);

    [ReadOnly]
    [Alias("describe")]
    Task<RecordingDescription> Describe();
}
