using System.Data.Common;
using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Configuration
{
    /// <summary>Reminders in PostgreSQL.</summary>
    public class AdoNetReminderTableOptions
    {
        public string? ConnectionString { get; set; }

        /// <summary>Used instead of the connection string; whoever made it disposes of it.</summary>
        public DbDataSource? DataSource { get; set; }

        /// <summary>The embedded engine knows <c>Npgsql</c>.</summary>
        public string Invariant { get; set; } = null!;
    }
}

namespace Orleans.Runtime
{
    /// <summary>The table OrleansRemindersTable; the ETag is the row's version.</summary>
    sealed class AdoNetReminderTable(IOptions<AdoNetReminderTableOptions> options, IOptions<ClusterOptions> cluster) : IReminderTable
    {
        readonly OrleansDatabase _database = OrleansDatabase.Of(
            nameof(AdoNetReminderTableOptions), options.Value.ConnectionString, options.Value.DataSource, options.Value.Invariant);

        readonly string _serviceId = cluster.Value.ServiceId;

        public async Task<ReminderTableData> ReadRows(GrainId grainId) => new(await Read("ReadReminderRowsKey", ("GrainId", grainId.ToString())));

        // The ring is cut at another place there, where hashes are signed.
        public async Task<ReminderTableData> ReadRows(uint begin, uint end) => new(await Read(
            (int)begin < (int)end ? "ReadRangeRows1Key" : "ReadRangeRows2Key", ("BeginHash", (int)begin), ("EndHash", (int)end)));

        public async Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) =>
            (await Read("ReadReminderRowKey", ("GrainId", grainId.ToString()), ("ReminderName", reminderName))).FirstOrDefault();

        public async Task<string?> UpsertRow(ReminderEntry entry) => Text((await _database.Query(
            "UpsertReminderRowKey", static row => row.GetInt32(0), CancellationToken.None,
            ("ServiceId", _serviceId), ("GrainId", entry.GrainId.ToString()), ("ReminderName", entry.ReminderName), ("StartTime", entry.StartAt.ToUniversalTime()),
            ("Period", (long)entry.Period.TotalMilliseconds), ("GrainHash", (int)entry.GrainId.GetUniformHashCode()))).First());

        public async Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) => (await _database.Query(
            "DeleteReminderRowKey", static row => row.GetInt32(0), CancellationToken.None,
            ("ServiceId", _serviceId), ("GrainId", grainId.ToString()), ("ReminderName", reminderName),
            ("Version", int.Parse(eTag, CultureInfo.InvariantCulture)))).FirstOrDefault() > 0;

        public Task TestOnlyClearTable() => _database.Query("DeleteReminderRowsKey", static _ => 0, CancellationToken.None, ("ServiceId", _serviceId));

        Task<List<ReminderEntry>> Read(string key, params (string, object?)[] parameters) =>
            _database.Query(key, Entry, CancellationToken.None, [("ServiceId", _serviceId), .. parameters]);

        static ReminderEntry Entry(DbDataReader row) => new()
        {
            GrainId = GrainId.Parse(row.GetString(0)),
            ReminderName = row.GetString(1),
            StartAt = row.GetDateTime(2).ToUniversalTime(),
            Period = TimeSpan.FromMilliseconds(Convert.ToInt64(row.GetValue(3), CultureInfo.InvariantCulture)),
            ETag = Text(row.GetInt32(4))
        };

        static string Text(int version) => version.ToString(CultureInfo.InvariantCulture);
    }
}
