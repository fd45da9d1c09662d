namespace Tributary.Grains.Platform.LiveEntries;

// Its registrations: written, kept alive, and ended when nobody repeats them.
public sealed partial class LiveEntryGrain
{
    static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(30);

    readonly Dictionary<long, long> _written = [];
    IGrainTimer? _timer;

    long Lifetime => (long)options.Value.RegistrationLifetime.TotalSeconds;

    async Task Put(LiveRegistration registration, bool keepBetter)
    {
        _partner = registration.Partner;
        var now = Now;
        var old = _state.Rows.FirstOrDefault(row => row.Index == registration.Index);
        var same = old is not null && old.Host == registration.Host;
        var status = keepBetter && same && LiveStatus.Rank(old!.Status) > LiveStatus.Rank(registration.Status) ? old.Status : registration.Status;
        var row = new LiveRow
        {
            Id = old?.Id ?? await store.Number(RowKind),
            Index = registration.Index,
            ServerNode = registration.ServerNode,
            Host = registration.Host,
            Status = status,
            CreatedAt = same ? old!.CreatedAt : now,
            UpdatedAt = now,
            ExpiresAt = now + Lifetime,
            Application = registration.Application.Length > 0 ? registration.Application : old?.Application ?? "",
        };
        if (!same || old!.Status != status)
        {
            await WriteRow(row);
            return;
        }

        Keep(row);
        if (now - _written.GetValueOrDefault(row.Id) >= (long)WriteEvery.TotalSeconds && _refreshing.IsCompleted)
        {
            _written[row.Id] = now;
            _refreshing = LiveEntryObjects.Refresh(store, Entry, _partner, row);
        }
    }

    // A repetition says nothing new: nobody waits for the disk. What does say something waits for it, so that it is not written over.
    Task _refreshing = Task.CompletedTask;

    async Task Refreshed()
    {
        try
        {
            await _refreshing;
        }
        catch (Exception)   // of the store: a later repetition is written
        {
            _refreshing = Task.CompletedTask;
        }
    }

    async Task WriteRow(LiveRow row)
    {
        await Refreshed();
        await LiveEntryObjects.Write(store, Entry, _partner, row);
        _written[row.Id] = row.UpdatedAt;
        Keep(row);
    }

    void Keep(LiveRow row)
    {
        _state = _state with { Rows = [.. _state.Rows.Where(other => other.Index != row.Index).Append(row).OrderBy(other => other.Index)] };
        SetTimer();
    }

    async Task RemoveRow(LiveRow row)
    {
        await Refreshed();
        await store.Remove(RowKind, LiveEntryObjects.IdOf(row.Id));
        _state = _state with { Rows = [.. _state.Rows.Where(other => other.Id != row.Id)] };
        _written.Remove(row.Id);
    }

    async Task EndOverdue()
    {
        foreach (var row in _state.Rows.Where(row => row.ExpiresAt <= Now).ToArray())
        {
            await RemoveRow(row);
            await AfterEnd(row, explicitLive: _state.ViewMode is not null);
        }
    }

    // What follows when a registration ended: the entry may be off air now.
    async Task AfterEnd(LiveRow row, bool explicitLive)
    {
        var next = row.Index == 0 ? _state with { LastBroadcastEnd = Now } : _state;
        if (!Current().IsPlayable)
        {
            next = next with
            {
                RedirectEntry = next.RecordedEntry,
                CurrentBroadcastStart = 0,
                BroadcastTime = 0,
                ViewMode = explicitLive ? 0 : next.ViewMode,
                RecordingStatus = explicitLive ? 0 : next.RecordingStatus,
            };
        }

        await Store(next);
    }

    void SetTimer()
    {
        _timer?.Dispose();
        _timer = null;
        if (_state.Rows.Length > 0)
        {
            var due = Math.Max(1, _state.Rows.Min(row => row.ExpiresAt) - Now);
            _timer = this.RegisterGrainTimer(WhenDue, new GrainTimerCreationOptions(TimeSpan.FromSeconds(due), TimeSpan.FromSeconds(30)));
        }
    }

    async Task WhenDue()
    {
        await EndOverdue();
        SetTimer();
    }
}
