using Tributary.Grains.Recordings;
using Tributary.Grains.VodEntries;

namespace Tributary.Gateway.Api;

/// <summary>A line of <c>GET /api/v1/recordings</c>.</summary>
/// <param name="Duration">Seconds of media on disk.</param>
/// <param name="Hls">Where it plays.</param>
/// <param name="Download">The whole as one MP4.</param>
public sealed record RecordingItem(
    string Id, string Name, VodEntryState State, string Stream, DateTimeOffset Created, double Duration, long Bytes, IReadOnlyList<VolumeItem> Volumes, string Hls,
    string Download);

/// <summary>A run of recorded media on one node.</summary>
/// <param name="File">Name of its files there.</param>
/// <param name="Duration">Seconds.</param>
public sealed record VolumeItem(string File, string Node, DateTimeOffset Started, double Duration, long Bytes, bool Ended);

/// <summary><c>GET /api/v1/streams/{name}/recording</c>, and the answer to its commands.</summary>
/// <param name="Recording">Whether media is being added to the entry.</param>
/// <param name="Trouble">Why nothing is written.</param>
/// <param name="Rewind">Seconds that viewers can go back.</param>
public sealed record StreamRecordingItem(
    string Stream, RecordingMode Mode, bool Recording, RecorderState State, string? Entry, string? Node, string? Trouble, double Rewind, long NextMsn);
