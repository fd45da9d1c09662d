using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>
/// What players report, added up by entry and minute. This process adds in memory and writes what it has every few seconds, as a row of its own in each
/// minute, so that nobody waits for anybody; reports add the rows up.
/// </summary>
public sealed partial class StatsMinutes(Objects objects, TimeProvider time, ILogger<StatsMinutes> log) : BackgroundService
{
    public const string Kind = "statsMinute";
    const int MostRows = 50_000, MostSessions = 5_000;
    static readonly TimeSpan WriteEvery = TimeSpan.FromSeconds(5);

    readonly ConcurrentDictionary<(string Entry, long Minute), Row> _rows = new();
    readonly string _process = Guid.NewGuid().ToString("N")[..8];

    /// <summary>Counts <paramref name="field"/> of an entry in this minute. False: more entries are reported than can be kept.</summary>
    public bool Add(string entry, int partner, string field, double by = 1, string? session = null)
    {
        var key = (entry, objects.Now / 60);
        if (!_rows.TryGetValue(key, out var row))
        {
            if (_rows.Count >= MostRows)
            {
                return false;
            }

            row = _rows.GetOrAdd(key, _ => new Row(partner));
        }

        lock (row)
        {
            row.Changed = true;
            row.Sums[field] = row.Sums.GetValueOrDefault(field) + by;
            if (session is not null && row.Sessions.Count < MostSessions && row.Sessions.Add($"{field}:{session}"))
            {
                row.Sums[field + ".sessions"] = row.Sums.GetValueOrDefault(field + ".sessions") + 1;
            }
        }

        return true;
    }

    /// <summary>The minutes of some entries, or of all of a partner, between two times.</summary>
    public async Task<IReadOnlyList<PlatformObject>> Read(int? partner, IReadOnlyCollection<string> entries, long from, long to)
    {
        await Write();
        var tests = new List<Condition> { new Test("minute", TestKind.AtLeast, Objects.Id(from / 60)), new Test("minute", TestKind.AtMost, Objects.Id(to / 60)) };
        if (entries.Count > 0)
        {
            tests.Add(new Test("entryId", TestKind.In, [.. entries]));
        }

        return [.. (await objects.Store.Find(new ObjectQuery(Kind) { Partner = partner, Where = new Every(tests), OrderBy = "minute", Descending = false, Take = 200_000 })).Objects.Select(stored => stored.Value)];
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(WriteEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await Write();
            }
            catch (Exception exception) when (exception is not OperationCanceledException)   // of the store: the next time has it all
            {
                LogFailed(exception.Message);
            }
        }
    }

    async Task Write()
    {
        var minute = objects.Now / 60;
        foreach (var (key, row) in _rows)
        {
            if (Snapshot(key, row) is { } value)
            {
                var id = $"{key.Entry}.{Objects.Id(key.Minute)}.{_process}";
                var stored = await objects.Store.Read(Kind, id);
                await objects.Store.Write(new StoredObject(Kind, id, row.Partner, stored?.Version ?? 0, value));
            }

            if (key.Minute < minute - 1)
            {
                _rows.TryRemove(key, out _);
            }
        }
    }

    static PlatformObject? Snapshot((string Entry, long Minute) key, Row row)
    {
        lock (row)
        {
            if (!row.Changed)
            {
                return null;
            }

            row.Changed = false;
            var value = new PlatformObject("StatsMinute") { { "entryId", key.Entry }, { "minute", key.Minute }, { "createdAt", key.Minute * 60 } };
            foreach (var (field, sum) in row.Sums)
            {
                value[field] = sum;
            }

            return value;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Statistics could not be written: {Why}")]
    partial void LogFailed(string why);

    sealed class Row(int partner)
    {
        public int Partner => partner;

        public Dictionary<string, double> Sums { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Sessions { get; } = new(StringComparer.Ordinal);

        public bool Changed { get; set; }
    }
}
