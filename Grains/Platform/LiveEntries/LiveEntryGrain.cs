using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.LiveEntries;

/// <inheritdoc cref="ILiveEntryGrain"/>
/// <remarks>
/// Its state is two kinds of objects of the platform's store, so that lists see it: <c>liveState</c>, and an <c>entryServerNode</c> for each
/// registration. A registration that is only repeated is written every <see cref="WriteEvery"/>; everything else at once. A timer ends what was not
/// repeated; after a restart of everything <see cref="ExpirySweep"/> wakes the grains that have something to end.
/// </remarks>
[GrainType("live-entry")]
public sealed partial class LiveEntryGrain(IObjectStore store, RecordedEntries recordings, IOptions<PlatformOptions> options, TimeProvider time) : Grain, ILiveEntryGrain
{
    public const string StateKind = "liveState", RowKind = "entryServerNode";

    LiveEntryState _state = new();
    long _stateVersion;
    int _partner;

    string Entry => this.GetPrimaryKeyString();

    long Now => time.GetUtcNow().ToUnixTimeSeconds();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (await store.Read(StateKind, Entry) is { } stored)
        {
            (_state, _stateVersion, _partner) = (LiveEntryObjects.StateOf(stored.Value), stored.Version, stored.Partner);
        }

        var rows = await store.All(RowKind, null, Test.Equal("entryId", Entry));
        _state = _state with { Rows = [.. rows.Select(row => LiveEntryObjects.RowOf(row.Value)).OrderBy(row => row.Index)] };
        foreach (var row in _state.Rows)
        {
            _written[row.Id] = row.UpdatedAt;
        }

        SetTimer();
    }

    public Task<LiveEntryState> State() => Task.FromResult(Current());

    public async Task<LiveEntryState> Authenticate(LiveRegistration registration)
    {
        await Put(registration with { Status = LiveStatus.Authenticated }, keepBetter: true);
        return Current();
    }

    public async Task<LiveEntryState> Register(LiveRegistration registration)
    {
        await EndOverdue();
        var wasPlayable = _state.IsPlayable;
        var primary = registration.Index == 0;
        var before = _state.StatusOf(registration.Index);
        var first = primary && before is not (LiveStatus.Playable or LiveStatus.Broadcasting);
        await Put(registration, keepBetter: false);

        var playable = registration.Status == LiveStatus.Playable;
        var now = Now;
        var next = _state with
        {
            PrimaryServerNode = primary ? registration.ServerNode : _state.PrimaryServerNode,
            CurrentBroadcastStart = first || (primary && _state.CurrentBroadcastStart == 0) ? now : _state.CurrentBroadcastStart,
            FirstBroadcast = playable && primary && _state.FirstBroadcast == 0 ? now : _state.FirstBroadcast,
            LastBroadcast = playable && primary && before != LiveStatus.Playable ? now : _state.LastBroadcast,
            RedirectEntry = playable && !wasPlayable ? "" : _state.RedirectEntry,
            BroadcastTime = BroadcastTimeOf(registration, playable),
        };
        next = await WithRecordedEntry(next, registration);
        await Store(next);
        return Current();
    }

    public async Task<LiveEntryState> CreateRecorded(LiveRegistration registration)
    {
        await Store(await WithRecordedEntry(_state, registration with { ShouldCreateRecordedEntry = true }));
        return Current();
    }

    public async Task<LiveEntryState> Unregister(LiveRegistration registration)
    {
        if (_state.Rows.FirstOrDefault(row => row.Index == registration.Index && row.Host == registration.Host) is { } row)
        {
            if (KeepsForRecording(registration))
            {
                await WriteRow(row with { Status = LiveStatus.MarkedForDeletion, UpdatedAt = Now, ExpiresAt = Now + (long)options.Value.SessionReconnect.TotalSeconds });
            }
            else
            {
                await RemoveRow(row);
            }

            await AfterEnd(row, registration.ExplicitLive);
        }

        return Current();
    }

    // The primary's registration stays, as not playable, until its recording is complete.
    bool KeepsForRecording(LiveRegistration registration) =>
        registration is { Index: 0, RecordStatus: > 0 } && _state.RecordedEntry.Length > 0 && _state.RecordedSeconds is > 0 and <= 604_800;

    public async Task<LiveEntryState> Validate()
    {
        await EndOverdue();
        return Current();
    }

    public async Task<LiveEntryState> Set(LiveEntryChange change)
    {
        var next = _state with
        {
            ViewMode = change.ViewMode ?? _state.ViewMode,
            RecordingStatus = change.RecordingStatus ?? _state.RecordingStatus,
            RecordedEntry = change.RecordedEntry ?? _state.RecordedEntry,
            RedirectEntry = change.RedirectEntry ?? _state.RedirectEntry,
            CurrentBroadcastStart = change.CurrentBroadcastStart ?? _state.CurrentBroadcastStart,
        };
        next = next with
        {
            BroadcastTime = change.ViewMode == 1 && next.IsPlayable && next.BroadcastTime == 0 ? Now : next.BroadcastTime,
            RecordedSeconds = next.RecordedEntry == _state.RecordedEntry ? next.RecordedSeconds : 0,
        };
        await Store(next);
        return Current();
    }

    public async Task<bool> SetStatus(long registration, int status)
    {
        if (_state.Rows.FirstOrDefault(row => row.Id == registration) is not { } row)
        {
            return false;
        }

        await WriteRow(row with { Status = status, UpdatedAt = Now, ExpiresAt = Now + Lifetime });
        return true;
    }

    public async Task Delete()
    {
        await Refreshed();
        foreach (var row in _state.Rows)
        {
            await store.Remove(RowKind, LiveEntryObjects.IdOf(row.Id));
        }

        await store.Remove(StateKind, Entry);
        DeactivateOnIdle();
    }

    public async Task<RecordingPlace?> Append(RecordedPiece piece, TimeSpan longest)
    {
        var (place, seconds) = await recordings.Place(Entry, _state, piece, longest);
        if (place is { IsKnown: false } && piece.IsAnchor)
        {
            await Store(_state with { RecordedSeconds = seconds, LastElapsedRecording = piece.IsLast ? (long)(seconds * 1_000) : _state.LastElapsedRecording });
        }

        return place;
    }

    long BroadcastTimeOf(LiveRegistration registration, bool playable) => _state.BroadcastTime == 0 && playable
        && (!registration.ExplicitLive || _state.ViewMode == 1) ? Now : _state.BroadcastTime;

    // What is over counts as over, also before the timer says so.
    LiveEntryState Current() => _state.Rows.Any(row => row.ExpiresAt <= Now)
        ? _state with { Rows = [.. _state.Rows.Where(row => row.ExpiresAt > Now)] }
        : _state;

    async Task<LiveEntryState> WithRecordedEntry(LiveEntryState state, LiveRegistration registration)
    {
        var wanted = registration is { Index: 0, RecordStatus: > 0, ShouldCreateRecordedEntry: true, Status: LiveStatus.Playable or LiveStatus.Broadcasting }
            && await recordings.IsNewOneDue(state, registration, Now);
        return wanted ? state with { RecordedEntry = await recordings.Create(Entry, state, registration), RecordedSeconds = 0 } : state;
    }

    async Task Store(LiveEntryState next)
    {
        var changed = LiveEntryObjects.Differs(next, _state);
        if (changed && !await store.Write(new StoredObject(StateKind, Entry, _partner, _stateVersion, LiveEntryObjects.Of(Entry, next))))
        {
            DeactivateOnIdle();   // another activation wrote: it knows better
            throw new InvalidOperationException($"The live state of entry {Entry} was changed by another activation.");
        }

        _stateVersion += changed ? 1 : 0;
        _state = next;
    }
}
