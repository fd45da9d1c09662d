using System.Text.Json.Serialization;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Pulls;
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
/// <param name="Fault">What is wrong with it though it is connected.</param>
/// <param name="Ready">Whether it is on air, or could be at once.</param>
/// <param name="Aligned">Whether its timeline is known to be that of the source on air: a switch to it has no discontinuity.</param>
public sealed record SourceItem(
    int Slot, bool OnAir, DateTimeOffset Since, string Node, long Bitrate, long Frames, long Dropped, long Mended, double SinceKeyFrame, double Silence,
    bool HasBFrames, double KeyFrameInterval, IReadOnlyList<TrackItem> Tracks, SourceFault Fault, bool Ready,
    bool Aligned);

/// <summary>The last change of the source on air.</summary>
/// <param name="Took">Milliseconds from the decision to the new lease.</param>
public sealed record SwitchItem(
    SwitchReason Reason, DateTimeOffset At, int Slot, string Node, string FromNode, long FirstMsn, bool Aligned, int Gaps, double Took);

/// <summary>Body of <c>POST /api/v1/streams/{name}/switch</c>.</summary>
public sealed record SwitchCommand(int? Slot);

/// <summary>Body of <c>POST /api/v1/streams/{name}/transfer</c>.</summary>
public sealed record TransferCommand(string? Node);

/// <summary>What came of a command that was not refused.</summary>
public sealed record CommandResult(SwitchOutcome Outcome, string Detail);

/// <summary>What this gateway holds of a stream.</summary>
/// <param name="Listed">First and last number listed, by rendition.</param>
public sealed record WindowItem(
    DateTimeOffset OpenedAt, int TargetDuration, string? Pause, IReadOnlyDictionary<string, long[]> Listed, long Late, long Refused, long PlaylistRenders);

/// <summary><c>GET /api/v1/streams/{name}</c>.</summary>
/// <param name="Owner">The silo whose grain answers for the stream: where it was first asked for, or first after its former silo went.</param>
/// <param name="Why">Why this source is on air, or why none is.</param>
/// <param name="TransferTo">The node to which it shall move, while that is awaited.</param>
public sealed record StreamDetail(
    string Name, StreamState State, DateTimeOffset Since, long Epoch, long NextMsn, long DiscontinuitySequence, string? LastEnd, int Viewers,
    string Owner, string Why, IReadOnlyList<SourceItem> Sources, WindowItem? Window, string Page, string Hls, SwitchItem? LastSwitch,
    string? TransferTo);

/// <summary>A line of <c>GET /api/v1/nodes</c>.</summary>
/// <param name="Since">When it came into its state.</param>
/// <param name="Silo">Address of the silo in it, where it hosts grains.</param>
/// <param name="Drained">It has handed over all that it could: it may be stopped.</param>
public sealed record NodeItem(
    string Name, NodeState State, DateTimeOffset Since, DateTimeOffset LastSeen, IReadOnlyList<string> Roles, DateTimeOffset? StartedAt, string? Version,
    IReadOnlyDictionary<string, string> Endpoints, string? Silo, bool Drained, NodeLoad? Load);

/// <summary>The body of <c>POST /api/v1/pulls</c>.</summary>
public sealed record PullRequest(string? Name, string? Url);

/// <summary>A line of <c>GET /api/v1/pulls</c>.</summary>
/// <param name="Source">Where from, without its query.</param>
/// <param name="Primary">The node that pulls.</param>
/// <param name="Backup">The node that would take over.</param>
/// <param name="Leaving">The node that still pulls while another begins.</param>
/// <param name="Why">Why the primary has it.</param>
/// <param name="Trouble">How the last attempt ended.</param>
public sealed record PullItem(
    string Name, string Source, bool Configured, PullState State, string? Primary, string? Backup, string? Leaving, long Epoch, DateTimeOffset Since,
    string Why, string? Trouble, int Attempts);

/// <summary>Body of <c>PUT /api/v1/streams/{name}/access</c>.</summary>
/// <param name="Key">With which it is published; null: it keeps the one that it has, empty: it has none of its own.</param>
public sealed record StreamAccessCommand(
    Grains.Access.AccessMode? Mode, string? Key, string[]? PlayFrom, string[]? PlayNotFrom, string[]? PublishFrom, string[]? PublishNotFrom);

/// <summary><c>GET /api/v1/streams/{name}/access</c>.</summary>
/// <param name="Decided">Whether an operator decided it; else it is as configured.</param>
/// <param name="HasKey">Whether an operator gave it a key of its own.</param>
public sealed record StreamAccessItem(
    string Name, bool Decided, Grains.Access.AccessMode Mode, bool HasKey, string[] PlayFrom, string[] PlayNotFrom, string[] PublishFrom, string[] PublishNotFrom);

/// <summary>Body of <c>POST /api/v1/streams/{name}/tokens</c>.</summary>
/// <param name="Action"><c>play</c> (also where it is missing) or <c>publish</c>.</param>
/// <param name="Seconds">For how long it lets in; an hour where it is missing.</param>
/// <param name="EndSeconds">After how many seconds who was let in is cut off; null: not.</param>
/// <param name="Address">Address or network to which it is bound; null: none.</param>
public sealed record TokenCommand(string? Action, long? Seconds, long? EndSeconds, string? Address);

/// <summary>A token: the one place where it is shown whole, to whoever asked for it.</summary>
public sealed record TokenItem(string Token, DateTimeOffset Expires, DateTimeOffset? Ends);

/// <summary>An error as RFC 9457 has it.</summary>
public sealed record Problem(string Type, string Title, int Status, string Detail);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<StreamItem>))]
[JsonSerializable(typeof(StreamDetail))]
[JsonSerializable(typeof(IReadOnlyList<NodeItem>))]
[JsonSerializable(typeof(NodeItem))]
[JsonSerializable(typeof(IReadOnlyList<PullItem>))]
[JsonSerializable(typeof(PullItem))]
[JsonSerializable(typeof(PullRequest))]
[JsonSerializable(typeof(SwitchCommand))]
[JsonSerializable(typeof(TransferCommand))]
[JsonSerializable(typeof(CommandResult))]
[JsonSerializable(typeof(StreamAccessItem))]
[JsonSerializable(typeof(StreamAccessCommand))]
[JsonSerializable(typeof(TokenCommand))]
[JsonSerializable(typeof(TokenItem))]
[JsonSerializable(typeof(IReadOnlyList<RecordingItem>))]
[JsonSerializable(typeof(RecordingItem))]
[JsonSerializable(typeof(StreamRecordingItem))]
[JsonSerializable(typeof(Problem))]
sealed partial class ApiJson : JsonSerializerContext;
