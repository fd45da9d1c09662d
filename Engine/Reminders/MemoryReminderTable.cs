using System.Globalization;

namespace Orleans.Runtime;

/// <summary>The reminders of a cluster in one process, and who wants to know of changes.</summary>
sealed class MemoryReminders
{
    public Dictionary<(GrainId Grain, string Name), ReminderEntry> Rows { get; } = [];

    public long LastETag { get; set; }

    /// <summary>Raised when a reminder was registered or removed: the silo that owns the grain takes it up.</summary>
    public event Action<GrainId>? Changed;

    public void RaiseChanged(GrainId grain) => Changed?.Invoke(grain);
}

/// <summary>A reminder table in memory: it outlives silos, not the process.</summary>
sealed class MemoryReminderTable(LocalCluster cluster) : IReminderTable
{
    readonly MemoryReminders _table = cluster.Reminders;

    public Task<ReminderTableData> ReadRows(GrainId grainId) => Select(row => row.GrainId == grainId);

    public Task<ReminderTableData> ReadRows(uint begin, uint end) => Select(row =>
    {
        var hash = row.GrainId.GetUniformHashCode();
        return begin < end ? hash > begin && hash <= end : hash > begin || hash <= end;
    });

    public Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName)
    {
        lock (_table.Rows)
        {
            return Task.FromResult(_table.Rows.TryGetValue((grainId, reminderName), out var row) ? Copy(row) : null);
        }
    }

    public Task<string?> UpsertRow(ReminderEntry entry)
    {
        lock (_table.Rows)
        {
            var row = Copy(entry);
            row.ETag = (++_table.LastETag).ToString(CultureInfo.InvariantCulture);
            _table.Rows[(row.GrainId, row.ReminderName)] = row;
            return Task.FromResult<string?>(row.ETag);
        }
    }

    public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag)
    {
        lock (_table.Rows)
        {
            return Task.FromResult(_table.Rows.TryGetValue((grainId, reminderName), out var row) && row.ETag == eTag && _table.Rows.Remove((grainId, reminderName)));
        }
    }

    public Task TestOnlyClearTable()
    {
        lock (_table.Rows)
        {
            _table.Rows.Clear();
            return Task.CompletedTask;
        }
    }

    Task<ReminderTableData> Select(Func<ReminderEntry, bool> predicate)
    {
        lock (_table.Rows)
        {
            return Task.FromResult(new ReminderTableData(_table.Rows.Values.Where(predicate).Select(Copy)));
        }
    }

    static ReminderEntry Copy(ReminderEntry row) =>
        new() { GrainId = row.GrainId, ReminderName = row.ReminderName, StartAt = row.StartAt, Period = row.Period, ETag = row.ETag };
}
