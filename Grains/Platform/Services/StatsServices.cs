using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
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

/// <summary>What players and media servers report.</summary>
public sealed class StatsServices(Objects objects, StatsMinutes minutes, EntryStore entries) : IServiceModule
{
    const int LargestBeacon = 64 * 1_024, BeaconsKept = 20;

    public void Register(ServiceTable table)
    {
        table.Add("stats", "collect", CallAccess.Open, Collect);
        table.Add("livestats", "collect", CallAccess.Open, CollectLive);
        table.Add("beacon_beacon", "add", CallAccess.User, AddBeacon);
        table.Add("beacon_beacon", "list", CallAccess.User, async call => await objects.List(call, "beacon", "BeaconListResponse"));
    }

    // Of an entry that there is; of others nothing is kept, and nothing is said.
    async Task<object?> Collect(Call call)
    {
        var said = call.Object("event");
        if (await Known(said.Text("entryId")) is { } entry)
        {
            var field = said.Long("eventType") switch
            {
                1 or 2 => "loads", 3 => "plays", 4 => "quarter", 5 => "half", 6 => "threeQuarters", 7 => "ends", 12 => "bufferStarts", 17 => "seeks", _ => $"event{said.Text("eventType")}",
            };
            minutes.Add(entry.Id, entry.Partner, field, 1, said.Text("sessionId"));
        }

        return true;
    }

    async Task<object?> CollectLive(Call call)
    {
        var said = call.Object("event");
        if (await Known(said.Text("entryId")) is { } entry)
        {
            var (dvr, session) = (said.Long("eventType") == 2, said.Text("sessionId"));
            minutes.Add(entry.Id, entry.Partner, dvr ? "dvrViews" : "liveViews", 1, session);
            minutes.Add(entry.Id, entry.Partner, "bitrateSum", said.Number("bitrate"));
            minutes.Add(entry.Id, entry.Partner, "bufferTime", said.Number("bufferTime"));
            if (said.Long("eventIndex") <= 1)
            {
                minutes.Add(entry.Id, entry.Partner, "plays", 1, session);
            }
        }

        return true;
    }

    async ValueTask<StoredObject?> Known(string id) => id.Length is > 0 and <= 64 ? await objects.Store.Read(EntryStore.Kind, id) : null;

    // The newest of each kind and object is found by its name; those that are to be logged are kept as well, a few.
    async Task<object?> AddBeacon(Call call)
    {
        var beacon = call.Object("beacon");
        if (beacon.Text("privateData").Length + beacon.Text("rawData").Length > LargestBeacon)
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_WRONG_FORMAT", "KalturaBeacon::privateData", "at most 64 KiB");
        }

        if (beacon.Text("relatedObjectType") == "4")
        {
            await entries.Required(call, beacon.Text("objectId"));
        }

        var key = $"{beacon.Text("relatedObjectType")}.{beacon.Text("objectId")}.{beacon.Text("eventType")}";
        await Put(call, beacon.Copy(), key, "State");
        if (call.Long("shouldLog") == 1)
        {
            var number = await objects.Store.Number("beacon");
            await Put(call, beacon, $"{key}.{Objects.Id(number % BeaconsKept)}", "Log");
        }

        return true;
    }

    async Task Put(Call call, PlatformObject beacon, string key, string index)
    {
        key = key.Length <= 250 ? key : key[..250];
        (beacon["id"], beacon["indexType"], beacon["updatedAt"], beacon["createdAt"]) = (key, index, objects.Now, objects.Now);
        while (!await objects.Store.Write(new StoredObject("beacon", key, call.Partner, (await objects.Store.Read("beacon", key))?.Version ?? 0, beacon)))
        {
            // Somebody else wrote the same beacon: the later one stays.
        }
    }
}

/// <summary>What was reported, as tables.</summary>
public sealed class ReportServices(Objects objects, StatsMinutes minutes, EntryStore entries) : IServiceModule
{
    public void Register(ServiceTable table)
    {
        table.Add("livereports", "getReport", CallAccess.User, LiveReport);
        table.Add("livereports", "getEvents", CallAccess.User, LiveEvents);
        table.Add("report", "getTotal", CallAccess.User, Total);
        table.Add("report", "getTable", CallAccess.User, Table);
        table.Add("report", "getGraphs", CallAccess.User, Graphs);
        table.Add("report", "getBaseTotal", CallAccess.User, async call => Sums(await Read(call)).Select(sum => (object?)new PlatformObject("ReportBaseTotal") { { "id", sum.Name }, { "data", Number(sum.Value) } }).ToList());
        table.Add("analytics", "query", CallAccess.User, Query);
    }

    async Task<object?> LiveReport(Call call)
    {
        var filter = call.Optional("filter") ?? new PlatformObject("LiveReportInputFilter");
        var rows = await ReadLive(call, filter);
        var lines = call.Text("reportType") switch
        {
            "PARTNER_TOTAL" => [LiveStats("LiveStats", rows)],
            "ENTRY_TIME_LINE" => rows.GroupBy(row => row.Long("minute")).Select(group => With(LiveStats("LiveStats", [.. group]), "timestamp", group.Key * 60)),
            "ENTRY_TOTAL" => rows.GroupBy(row => row.Text("entryId")).Select(group => With(EntryStats([.. group]), "entryId", group.Key)),
            _ => Enumerable.Empty<PlatformObject>(),   // by place and by site: players' addresses are not kept
        };
        var list = lines.ToList();
        return Objects.ListOf("LiveStatsListResponse", list.Count, list);
    }

    async Task<object?> LiveEvents(Call call)
    {
        var rows = await ReadLive(call, call.Optional("filter") ?? new PlatformObject("LiveReportInputFilter"));
        var data = string.Concat(rows.GroupBy(row => row.Long("minute")).Select(group => $"{Objects.Id(group.Key * 60)},{Number(group.Sum(Audience))};"));
        return new List<object?> { new PlatformObject("ReportGraph") { { "id", "audience" }, { "data", data } } };
    }

    async Task<IReadOnlyList<PlatformObject>> ReadLive(Call call, PlatformObject filter)
    {
        var (from, to) = (filter.Long("fromTime", objects.Now - 3_600), filter.Long("toTime", objects.Now));
        return await minutes.Read(call.Scope, await Visible(call, filter.Words("entryIds")), from, to);
    }

    async Task<IReadOnlyCollection<string>> Visible(Call call, string[] ids)
    {
        var seen = new List<string>();
        foreach (var id in ids.Take(500))
        {
            if (await entries.Find(call, id) is not null)
            {
                seen.Add(id);
            }
        }

        return ids.Length > 0 && seen.Count == 0 ? [""] : seen;   // none of those that were asked for: nothing, not everything
    }

    static PlatformObject EntryStats(IReadOnlyList<PlatformObject> rows)
    {
        var stats = LiveStats("EntryLiveStats", rows);
        stats["peakAudience"] = (long)ByMinute(rows, Audience).DefaultIfEmpty(0).Max();
        stats["peakDvrAudience"] = (long)ByMinute(rows, row => row.Number("dvrViews.sessions")).DefaultIfEmpty(0).Max();
        return stats;
    }

    // Who watched in the last minute; views are reported every ten seconds.
    static PlatformObject LiveStats(string type, IReadOnlyList<PlatformObject> rows)
    {
        var views = rows.Sum(row => row.Number("liveViews") + row.Number("dvrViews"));
        return new PlatformObject(type)
        {
            { "audience", (long)ByMinute(rows, row => row.Number("liveViews.sessions")).LastOrDefault() }, { "dvrAudience", (long)ByMinute(rows, row => row.Number("dvrViews.sessions")).LastOrDefault() },
            { "avgBitrate", views > 0 ? Math.Round(rows.Sum(row => row.Number("bitrateSum")) / views, 2) : 0.0 }, { "bufferTime", (long)rows.Sum(row => row.Number("bufferTime")) },
            { "plays", (long)rows.Sum(row => row.Number("plays")) }, { "secondsViewed", (long)(views * 10) }, { "startEvent", 0L },
            { "timestamp", rows.Count > 0 ? rows[^1].Long("minute") * 60 : 0L },
        };
    }

    static double Audience(PlatformObject row) => row.Number("liveViews.sessions") + row.Number("dvrViews.sessions");

    static IEnumerable<double> ByMinute(IReadOnlyList<PlatformObject> rows, Func<PlatformObject, double> value) => rows.GroupBy(row => row.Long("minute")).OrderBy(group => group.Key).Select(group => group.Sum(value));

    static PlatformObject With(PlatformObject value, string name, object content)
    {
        value[name] = content;
        return value;
    }

    async Task<object?> Total(Call call)
    {
        var sums = Sums(await Read(call));
        return new PlatformObject("ReportTotal") { { "header", string.Join(',', sums.Select(sum => sum.Name)) }, { "data", string.Join(',', sums.Select(sum => Number(sum.Value))) } };
    }

    async Task<object?> Table(Call call)
    {
        var pager = call.Optional("pager");
        var size = Math.Clamp(pager?.Int("pageSize", 30) ?? 30, 1, 500);
        var groups = (await Read(call)).GroupBy(row => row.Text("entryId")).Select(group => (Entry: group.Key, Sums: Sums([.. group]))).ToList();
        var order = call.Text("order", "-count_plays");
        var field = order.TrimStart('-', '+');
        double Key((string Entry, List<(string Name, double Value)> Sums) line) => line.Sums.FirstOrDefault(sum => sum.Name == field).Value;
        var ordered = order.StartsWith('-') ? groups.OrderByDescending(Key) : groups.OrderBy(Key);
        var lines = new List<string>();
        foreach (var (entry, sums) in ordered.Skip(size * (Math.Clamp(pager?.Int("pageIndex", 1) ?? 1, 1, 1_000_000) - 1)).Take(size))
        {
            var name = (await objects.Store.Read(EntryStore.Kind, entry))?.Value.Text("name") ?? "";
            lines.Add($"{entry},{name.Replace(',', ' ').Replace(';', ' ')},{string.Join(',', sums.Select(sum => Number(sum.Value)))};");
        }

        return new PlatformObject("ReportTable") { { "header", "object_id,entry_name," + string.Join(',', Fields.Select(f => f.Name)) }, { "data", string.Concat(lines) }, { "totalCount", (long)groups.Count } };
    }

    async Task<object?> Graphs(Call call)
    {
        var days = (await Read(call)).GroupBy(row => DateTimeOffset.FromUnixTimeSeconds(row.Long("minute") * 60).ToString("yyyyMMdd", CultureInfo.InvariantCulture)).Select(day => (Day: day.Key, Sums: Sums([.. day]))).ToList();
        return Fields.Select((field, at) => (object?)new PlatformObject("ReportGraph")
        {
            { "id", field.Name }, { "data", string.Concat(days.Select(day => $"{day.Day},{Number(day.Sums[at].Value)};")) },
        }).ToList();
    }

    async Task<object?> Query(Call call)
    {
        var filter = call.Object("filter");
        var rows = await minutes.Read(call.Scope, [], Day(filter.Text("from_time"), 0), Day(filter.Text("to_time"), objects.Now));
        var metrics = filter.Words("metrics");
        var values = metrics.Select(metric => Number(rows.Sum(row => row.Number(metric))));
        return new PlatformObject("ReportResponse") { { "columns", string.Join(',', metrics) }, { "results", new List<object?> { new PlatformObject("String") { { "value", string.Join(',', values) } } } } };
    }

    async Task<IReadOnlyList<PlatformObject>> Read(Call call)
    {
        var filter = call.Object("reportInputFilter");
        var from = filter.Has("fromDate") ? filter.Long("fromDate") : Day(filter.Text("fromDay"), objects.Now - 86_400);
        var to = filter.Has("toDate") ? filter.Long("toDate") : Day(filter.Text("toDay"), objects.Now) + 86_399;
        var ids = call.Text("objectIds").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return await minutes.Read(call.Scope, await Visible(call, ids), from, to);
    }

    static readonly (string Name, string Field, double Factor)[] Fields =
        [("count_plays", "plays", 1), ("unique_viewers", "plays.sessions", 1), ("sum_time_viewed", "liveViews", 10 / 60.0), ("count_loads", "loads", 1)];

    static List<(string Name, double Value)> Sums(IReadOnlyList<PlatformObject> rows) => [.. Fields.Select(field => (field.Name, rows.Sum(row => row.Number(field.Field)) * field.Factor))];

    static long Day(string text, long otherwise) => text.Length >= 8 && DateTimeOffset.TryParseExact(text[..8], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day) ? day.ToUnixTimeSeconds() : otherwise;

    static string Number(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);
}
