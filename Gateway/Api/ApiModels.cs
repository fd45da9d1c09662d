using System.Text.Json.Serialization;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;

namespace Tributary.Gateway.Api;

/// <summary>A line of <c>GET /api/v1/streams</c>.</summary>
public sealed record StreamItem(string Name, StreamState State, DateTimeOffset Since, string Node, IReadOnlyList<TrackItem> Tracks, string Page, string Hls);

/// <summary>One track, for people.</summary>
/// <param name="FrameRate">Frames per second; null where unknown.</param>
public sealed record TrackItem(int Id, string Codec, string CodecString, int? Width, int? Height, double? FrameRate, int? SampleRate, int? Channels);

/// <summary>Who publishes a stream, and how well.</summary>
/// <param name="SinceKeyFrame">Seconds since the last key frame.</param>
/// <param name="Silence">Seconds since the last frame of any kind.</param>
public sealed record SourceItem(
    int Slot, bool OnAir, DateTimeOffset Since, string Node, long Bitrate, long Frames, long Dropped, long Mended, double SinceKeyFrame, double Silence,
    bool HasBFrames, double KeyFrameInterval, IReadOnlyList<TrackItem> Tracks);

/// <summary>What this gateway holds of a stream.</summary>
/// <param name="Listed">First and last number listed, by rendition.</param>
public sealed record WindowItem(
    DateTimeOffset OpenedAt, int TargetDuration, string? Pause, IReadOnlyDictionary<string, long[]> Listed, long Late, long Refused, long PlaylistRenders);

/// <summary><c>GET /api/v1/streams/{name}</c>.</summary>
public sealed record StreamDetail(
    string Name, StreamState State, DateTimeOffset Since, long Epoch, long NextMsn, long DiscontinuitySequence, string? LastEnd, int Viewers,
    IReadOnlyList<SourceItem> Sources, WindowItem? Window, string Page, string Hls);

/// <summary>A line of <c>GET /api/v1/nodes</c>.</summary>
public sealed record NodeItem(
    string Name, NodeState State, DateTimeOffset LastSeen, IReadOnlyList<string> Roles, DateTimeOffset? StartedAt, string? Version,
    IReadOnlyDictionary<string, string> Endpoints, NodeLoad? Load);

/// <summary>An error as RFC 9457 has it.</summary>
public sealed record Problem(string Type, string Title, int Status, string Detail);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<StreamItem>))]
[JsonSerializable(typeof(StreamDetail))]
[JsonSerializable(typeof(IReadOnlyList<NodeItem>))]
[JsonSerializable(typeof(Problem))]
sealed partial class ApiJson : JsonSerializerContext;
