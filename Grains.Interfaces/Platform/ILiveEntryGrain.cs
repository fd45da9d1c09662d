using Orleans.Concurrency;

namespace Tributary.Grains.Platform;

/// <summary>
/// Stands for what changes of a live entry while it is on air: which media servers registered for it (primary 0, backup 1), until when that holds without
/// being repeated, since when it broadcasts, and what it is recorded to. The key is the entry's id.
/// </summary>
[Alias("tributary.live-entry")]
public interface ILiveEntryGrain : IGrainWithStringKey
{
    /// <summary>A publisher with the right token is at a media server.</summary>
    [Alias("authenticate")]
    Task<LiveEntryState> Authenticate(LiveRegistration registration);

    /// <summary>A media server has the stream: it broadcasts, or can be played. To be repeated before the registration's lifetime is over.</summary>
    [Alias("register")]
    Task<LiveEntryState> Register(LiveRegistration registration);

    [Alias("unregister")]
    Task<LiveEntryState> Unregister(LiveRegistration registration);

    /// <summary>Makes the entry that this one is recorded to, where there is to be one.</summary>
    [Alias("create-recorded")]
    Task<LiveEntryState> CreateRecorded(LiveRegistration registration);

    /// <summary>Ends what was not repeated in time.</summary>
    [Alias("validate")]
    Task<LiveEntryState> Validate();

    /// <summary>What the presenter or a program sets: fields by name, of those that the state has.</summary>
    [Alias("set")]
    Task<LiveEntryState> Set(LiveEntryChange change);

    /// <summary>
    /// Takes a piece of a recording: what it is recorded to, and how long that is now. A piece that came before (same key) is answered and not counted
    /// again. Refused (null) where the recording would become longer than <paramref name="longest"/>.
    /// </summary>
    [Alias("append")]
    Task<RecordingPlace?> Append(RecordedPiece piece, TimeSpan longest);

    /// <summary>The status of one registration, as somebody else says it. False: there is no such registration.</summary>
    [Alias("set-status")]
    Task<bool> SetStatus(long registration, int status);

    /// <summary>The entry is deleted: nothing of it stays.</summary>
    [Alias("delete")]
    Task Delete();

    [ReadOnly]
    [Alias("state")]
    Task<LiveEntryState> State();
}

/// <summary>What a media server says of an entry, with what the platform knows of the entry and the server.</summary>
[GenerateSerializer, Immutable, Alias("tributary.live-registration")]
public sealed record LiveRegistration
{
    [Id(0)] public required int Partner { get; init; }

    /// <summary>0 primary, 1 backup.</summary>
    [Id(1)] public required int Index { get; init; }

    [Id(2)] public required long ServerNode { get; init; }

    [Id(3)] public required string Host { get; init; }

    [Id(4)] public string Application { get; init; } = "";

    /// <summary>EntryServerNodeStatus.</summary>
    [Id(5)] public int Status { get; init; } = LiveStatus.Playable;

    /// <summary>RecordStatus of the entry: 0 none, 1 into one recording, 2 one for each session.</summary>
    [Id(6)] public int RecordStatus { get; init; }

    [Id(7)] public bool ShouldCreateRecordedEntry { get; init; }

    /// <summary>Viewers see the stream only when the presenter says so.</summary>
    [Id(8)] public bool ExplicitLive { get; init; }
}

/// <summary>EntryServerNodeStatus on the wire.</summary>
public static class LiveStatus
{
    public const int Error = -1, Stopped = 0, Playable = 1, Broadcasting = 2, Authenticated = 3, MarkedForDeletion = 4;

    /// <summary>Better is higher: stopped, authenticated, broadcasting, playable.</summary>
    public static int Rank(int status) => status switch { Playable => 3, Broadcasting => 2, Authenticated => 1, _ => 0 };
}

[GenerateSerializer, Immutable, Alias("tributary.live-row")]
public sealed record LiveRow
{
    [Id(0)] public required long Id { get; init; }

    [Id(1)] public required int Index { get; init; }

    [Id(2)] public required long ServerNode { get; init; }

    [Id(3)] public required string Host { get; init; }

    [Id(4)] public required int Status { get; init; }

    /// <summary>Unix seconds.</summary>
    [Id(5)] public required long CreatedAt { get; init; }

    [Id(6)] public required long UpdatedAt { get; init; }

    /// <summary>Unix seconds; off air from then on.</summary>
    [Id(7)] public required long ExpiresAt { get; init; }

    [Id(8)] public string Application { get; init; } = "";
}

/// <summary>Times are unix seconds, 0 where there was none.</summary>
[GenerateSerializer, Immutable, Alias("tributary.live-entry-state")]
public sealed record LiveEntryState
{
    [Id(0)] public LiveRow[] Rows { get; init; } = [];

    [Id(1)] public long FirstBroadcast { get; init; }

    [Id(2)] public long LastBroadcast { get; init; }

    [Id(3)] public long LastBroadcastEnd { get; init; }

    /// <summary>With a fraction: media servers say it to the millisecond.</summary>
    [Id(4)] public double CurrentBroadcastStart { get; init; }

    [Id(5)] public long PrimaryServerNode { get; init; }

    /// <summary>The entry that it is recorded to; empty: none.</summary>
    [Id(6)] public string RecordedEntry { get; init; } = "";

    /// <summary>The entry that viewers get instead once it is off air.</summary>
    [Id(7)] public string RedirectEntry { get; init; } = "";

    /// <summary>Null: as it is by default.</summary>
    [Id(8)] public int? ViewMode { get; init; }

    [Id(9)] public int? RecordingStatus { get; init; }

    [Id(10)] public long BroadcastTime { get; init; }

    [Id(11)] public double RecordedSeconds { get; init; }

    [Id(12)] public long LastElapsedRecording { get; init; }

    public int Status => Rows.Select(row => row.Status).OrderByDescending(LiveStatus.Rank).FirstOrDefault();

    public int StatusOf(int index) => Rows.FirstOrDefault(row => row.Index == index)?.Status ?? LiveStatus.Stopped;

    public bool IsPlayable => Rows.Any(row => row.Status == LiveStatus.Playable);
}

/// <summary>What is to be set; null: stays.</summary>
[GenerateSerializer, Immutable, Alias("tributary.live-entry-change")]
public sealed record LiveEntryChange
{
    [Id(0)] public int? ViewMode { get; init; }

    [Id(1)] public int? RecordingStatus { get; init; }

    [Id(2)] public string? RecordedEntry { get; init; }

    [Id(3)] public string? RedirectEntry { get; init; }

    [Id(4)] public double? CurrentBroadcastStart { get; init; }
}

[GenerateSerializer, Immutable, Alias("tributary.recorded-piece")]
public sealed record RecordedPiece
{
    /// <summary>The same for a piece that is sent again.</summary>
    [Id(0)] public required string Key { get; init; }

    [Id(1)] public required string Asset { get; init; }

    [Id(2)] public required TimeSpan Duration { get; init; }

    /// <summary>Whether it decides how long the recording is: of the anchor asset, from the primary.</summary>
    [Id(3)] public required bool IsAnchor { get; init; }

    [Id(4)] public required bool IsLast { get; init; }
}

[GenerateSerializer, Immutable, Alias("tributary.recording-place")]
public sealed record RecordingPlace
{
    [Id(0)] public required string RecordedEntry { get; init; }

    /// <summary>Counts the pieces of the asset from 0.</summary>
    [Id(1)] public required int Number { get; init; }

    [Id(2)] public required bool IsKnown { get; init; }

    [Id(3)] public required double Seconds { get; init; }
}

/// <summary>Stands for how many live streams a partner has at the same time. The key is the partner.</summary>
[Alias("tributary.live-limit")]
public interface ILiveLimitGrain : IGrainWithIntegerKey
{
    /// <summary>Whether one more may begin; an entry that is counted already always may.</summary>
    [Alias("admit")]
    Task<bool> Admit(string entry, LiveClass kind, int most);
}

/// <summary>What counts together: streams with or without transcoding, or those with a tag.</summary>
[GenerateSerializer, Immutable, Alias("tributary.live-class")]
public sealed record LiveClass
{
    [Id(0)] public bool? Transcoded { get; init; }

    [Id(1)] public string AdminTag { get; init; } = "";
}
