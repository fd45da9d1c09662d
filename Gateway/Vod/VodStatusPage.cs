using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace Tributary.Gateway.Vod;

/// <summary>What a location of packager <c>status</c> answers: caches, stages and answers since the last reset, as XML, JSON (<c>?format=json</c>) or Prometheus text (<c>?format=prom</c>); <c>?reset=1</c> begins anew.</summary>
sealed class VodStatusPage(VodMetrics metrics, VodCaches caches, VodSources sources)
{
    internal Task Answer(HttpContext context)
    {
        var query = context.Request.Query;
        if (query["reset"] == "1")
        {
            metrics.Reset();
            caches.ResetCounts();
        }

        IReadOnlyList<CacheCounts> counts = [.. caches.Counts, .. sources.Counts];
        var (type, text) = query["format"].ToString() switch
        {
            "json" => ("application/json", Json(counts)),
            "prom" => ("text/plain; version=0.0.4; charset=utf-8", Prometheus(counts)),
            _ => ("text/xml; charset=utf-8", Xml(counts)),
        };
        context.Response.ContentType = type;
        context.Response.Headers.CacheControl = "no-store";
        var bytes = Encoding.UTF8.GetBytes(text);
        context.Response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(bytes).AsTask();
    }

    string Json(IReadOnlyList<CacheCounts> counts) => JsonSerializer.Serialize(
        new
        {
            caches = counts,
            performance_counters = metrics.Stages,
            answers = metrics.Answers.Select(answer => new { kind = answer.Kind, status = answer.Status, count = answer.Count }),
        },
        JsonForm);

    static readonly JsonSerializerOptions JsonForm = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    string Xml(IReadOnlyList<CacheCounts> counts) => new XDocument(new XElement("vod",
        counts.Select(cache => new XElement("cache", new XAttribute("name", cache.Name),
            new XElement("bytes", cache.Bytes), new XElement("max_bytes", cache.MaxBytes), new XElement("entries", cache.Entries),
            new XElement("hits", cache.Hits), new XElement("misses", cache.Misses), new XElement("stored", cache.Stored),
            new XElement("evicted", cache.Evicted), new XElement("refused", cache.Refused))),
        new XElement("performance_counters", metrics.Stages.Select(stage => new XElement(stage.Name,
            new XElement("sum", Number(stage.Seconds)), new XElement("count", stage.Count), new XElement("max", Number(stage.Most))))),
        new XElement("answers", metrics.Answers.Select(answer => new XElement("answer",
            new XAttribute("kind", answer.Kind), new XAttribute("status", answer.Status), answer.Count))))).ToString();

    string Prometheus(IReadOnlyList<CacheCounts> counts)
    {
        var text = new StringBuilder();
        void Family(string name, string type, IEnumerable<string> lines)
        {
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
            foreach (var line in lines)
            {
                text.Append(name).Append(line).Append('\n');
            }
        }

        Family("vod_cache_bytes", "gauge", counts.Select(cache => $"{{cache=\"{cache.Name}\"}} {cache.Bytes}"));
        Family("vod_cache_entries", "gauge", counts.Select(cache => $"{{cache=\"{cache.Name}\"}} {cache.Entries}"));
        Family("vod_cache_hits_total", "counter", counts.Select(cache => $"{{cache=\"{cache.Name}\"}} {cache.Hits}"));
        Family("vod_cache_misses_total", "counter", counts.Select(cache => $"{{cache=\"{cache.Name}\"}} {cache.Misses}"));
        Family("vod_cache_evicted_total", "counter", counts.Select(cache => $"{{cache=\"{cache.Name}\"}} {cache.Evicted}"));
        Family("vod_stage_seconds_total", "counter", metrics.Stages.Select(stage => $"{{stage=\"{stage.Name}\"}} {Number(stage.Seconds)}"));
        Family("vod_stage_total", "counter", metrics.Stages.Select(stage => $"{{stage=\"{stage.Name}\"}} {stage.Count}"));
        Family("vod_answers_total", "counter", metrics.Answers.Select(answer => $"{{kind=\"{answer.Kind}\",status=\"{answer.Status}\"}} {answer.Count}"));
        return text.ToString();
    }

    static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
