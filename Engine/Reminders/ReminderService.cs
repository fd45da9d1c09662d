using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Timers;

namespace Orleans.Runtime;

/// <summary>
/// Keeps the reminders whose grains belong to this silo: every grain has one owner among the active silos, by hash. The table is read at start, when the
/// membership changes, when somebody registers, and every refresh period; the ticks are ordinary calls of the grain.
/// </summary>
sealed partial class ReminderService(
    Silo silo, IServiceProvider services, IOptions<ReminderOptions> options, ILogger<ReminderService> log)
    : IReminderRegistry, ISiloStatusListener, IDisposable
{
    readonly Dictionary<(GrainId Grain, string Name), Clockwork> _running = [];
    readonly SemaphoreSlim _refreshing = new(1);
    readonly IReminderTable? _table = services.GetService<IReminderTable>();
    ITimer? _refresh;
    bool _stopped;
    int _busy;

    /// <summary>Whether nothing is being read or delivered: every reminder that is known is armed. Tests wait for it before they move the clock.</summary>
    internal bool IsIdle => Volatile.Read(ref _busy) == 0;

    IReminderTable Table => _table ?? throw new InvalidOperationException(
        "No reminder table is configured: use UseInMemoryReminderService, or register an IReminderTable.");

    public async Task Start(CancellationToken cancellationToken)
    {
        if (_table is null)
        {
            return;
        }

        await _table.StartAsync(cancellationToken);
        silo.Oracle.SubscribeToSiloStatusEvents(this);
        silo.Cluster.RemindersChanged += OnChanged;
        _refresh = silo.Time.CreateTimer(_ => _ = Refresh(), null, options.Value.RefreshReminderListPeriod, options.Value.RefreshReminderListPeriod);
        await Refresh();
    }

    public async Task Stop(CancellationToken cancellationToken)
    {
        if (_table is null)
        {
            return;
        }

        _stopped = true;
        silo.Oracle.UnSubscribeFromSiloStatusEvents(this);
        silo.Cluster.RemindersChanged -= OnChanged;
        _refresh?.Dispose();
        lock (_running)
        {
            foreach (var clockwork in _running.Values)
            {
                clockwork.Dispose();
            }

            _running.Clear();
        }

        await _table.StopAsync(cancellationToken);
    }

    public void Dispose()
    {
        _refresh?.Dispose();
        _refreshing.Dispose();
    }

    public async Task<IGrainReminder> RegisterOrUpdateReminder(GrainId callingGrainId, string reminderName, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentException.ThrowIfNullOrEmpty(reminderName);
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
        if (period < options.Value.MinimumReminderPeriod)
        {
            throw new ArgumentException($"Cannot register reminder {reminderName} as requested period ({period}) is less than minimum allowed reminder period ({options.Value.MinimumReminderPeriod})");
        }

        var entry = new ReminderEntry { GrainId = callingGrainId, ReminderName = reminderName, StartAt = silo.Time.GetUtcNow().UtcDateTime + dueTime, Period = period };
        entry.ETag = await Table.UpsertRow(entry) ?? throw new ReminderException($"Could not register reminder {entry} to reminder table due to a race. Please try again later.");
        silo.Cluster.RaiseRemindersChanged(callingGrainId);
        return new GrainReminder(callingGrainId, reminderName, entry.ETag);
    }

    public async Task UnregisterReminder(GrainId callingGrainId, IGrainReminder reminder)
    {
        var known = (GrainReminder)reminder;
        if (!await Table.RemoveRow(known.GrainId, known.ReminderName, known.ETag))
        {
            throw new ReminderException($"Could not unregister reminder {known.ReminderName} of {known.GrainId} from the reminder table, due to tag mismatch. You can retry.");
        }

        silo.Cluster.RaiseRemindersChanged(callingGrainId);
    }

    public async Task<IGrainReminder?> GetReminder(GrainId callingGrainId, string reminderName) =>
        await Table.ReadRow(callingGrainId, reminderName) is { } row ? new GrainReminder(row.GrainId, row.ReminderName, row.ETag!) : null;

    public async Task<List<IGrainReminder>> GetReminders(GrainId callingGrainId) =>
        [.. (await Table.ReadRows(callingGrainId)).Reminders.Select(row => new GrainReminder(row.GrainId, row.ReminderName, row.ETag!))];

    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status) => _ = Refresh();

    void OnChanged(GrainId grain)
    {
        if (Owns(grain))
        {
            _ = Refresh();
        }
    }

    // One at a time; a change that comes meanwhile is read by the next.
    async Task Refresh()
    {
        Interlocked.Increment(ref _busy);
        await _refreshing.WaitAsync().ConfigureAwait(false);
        try
        {
            var rows = (await Table.ReadRows(0, 0)).Reminders.Where(row => Owns(row.GrainId)).ToDictionary(row => (row.GrainId, row.ReminderName));
            lock (_running)
            {
                foreach (var (key, clockwork) in _running.ToArray())
                {
                    if (_stopped || !rows.TryGetValue(key, out var row) || row.ETag != clockwork.Entry.ETag)
                    {
                        clockwork.Dispose();
                        _running.Remove(key);
                    }
                }

                foreach (var (key, row) in rows)
                {
                    if (!_stopped && !_running.ContainsKey(key))
                    {
                        _running[key] = new Clockwork(this, row);
                    }
                }
            }
        }
        catch (Exception exception)
        {
            LogRefreshFailed(log, exception);
        }
        finally
        {
            _refreshing.Release();
            Interlocked.Decrement(ref _busy);
        }
    }

    // The active silo with the highest hash together with the grain: when one leaves, only its own grains move.
    bool Owns(GrainId grain)
    {
        var hash = grain.GetUniformHashCode();
        var owner = silo.Oracle.GetActiveSilos().MaxBy(s => Mix(hash, (uint)s.GetConsistentHashCode()));
        return silo.Address.Equals(owner);
    }

    static uint Mix(uint grain, uint node)
    {
        var mixed = (grain ^ (node * 2654435761u)) * 0x85ebca6bu;
        mixed ^= mixed >> 13;
        mixed *= 0xc2b2ae35u;
        return mixed ^ (mixed >> 16);
    }

    /// <summary>One running reminder: ticks at its start time and then by its period; a tick that takes longer skips those that it missed.</summary>
    sealed class Clockwork : IDisposable
    {
        readonly ReminderService _service;
        readonly ITimer _timer;
        DateTime _next;

        public Clockwork(ReminderService service, ReminderEntry entry)
        {
            _service = service;
            Entry = entry;
            using (ExecutionContext.SuppressFlow())
            {
                _timer = service.Clock.CreateTimer(static c => _ = ((Clockwork)c!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            Arm(ticked: false);
        }

        public ReminderEntry Entry { get; }

        public void Dispose() => _timer.Dispose();

        // The next point of the reminder's grid; the present one counts as gone when it has ticked.
        void Arm(bool ticked)
        {
            var now = _service.Clock.GetUtcNow().UtcDateTime;
            _next = Entry.StartAt;
            if (_next < now || (ticked && _next == now))
            {
                var passed = (now - Entry.StartAt).Ticks / Entry.Period.Ticks;
                _next += TimeSpan.FromTicks((passed + 1) * Entry.Period.Ticks);
            }

            var wait = _next - now;

            // A clock waits for 49 days at most; the refresh arms again long before that.
            _timer.Change(wait < TimeSpan.FromDays(40) ? wait : TimeSpan.FromDays(40), Timeout.InfiniteTimeSpan);
        }

        async Task Tick()
        {
            Interlocked.Increment(ref _service._busy);
            var now = _service.Clock.GetUtcNow().UtcDateTime;
            var due = now >= _next;
            try
            {
                // A timer may be early.
                if (due)
                {
                    await _service.Fire(Entry, new TickStatus(Entry.StartAt, Entry.Period, now));
                }
            }
            finally
            {
                try
                {
                    Arm(ticked: due);
                }
                catch (ObjectDisposedException)
                {
                    // Unregistered while it ticked.
                }

                Interlocked.Decrement(ref _service._busy);
            }
        }
    }

    TimeProvider Clock => silo.Time;

    async Task Fire(ReminderEntry entry, TickStatus status)
    {
        try
        {
            await silo.References.Create<IRemindable>(entry.GrainId).ReceiveReminder(entry.ReminderName, status);
        }
        catch (Exception exception)
        {
            LogTickFailed(log, exception, entry.ReminderName, entry.GrainId);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The reminder {Name} of {GrainId} could not be delivered")]
    static partial void LogTickFailed(ILogger log, Exception exception, string name, GrainId grainId);

    [LoggerMessage(LogLevel.Warning, "The reminder table could not be read")]
    static partial void LogRefreshFailed(ILogger log, Exception exception);
}
