using System.Globalization;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Services;

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
