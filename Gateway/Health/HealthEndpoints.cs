using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tributary.Gateway.Metrics;

namespace Tributary.Gateway.Health;

/// <summary>
/// <c>/livez</c>: the process runs, whatever is around it. <c>/readyz</c>: it can serve; <c>?verbose</c> lists why not, <c>?exclude=NAME</c> leaves a
/// check out for those who must not act on it. <c>/metrics</c>.
/// </summary>
sealed class HealthEndpoints(IEnumerable<ReadinessCheck> checks, MeterCollector meters)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/livez", static context => Say(context, 200, "ok\n"));
        endpoints.MapGet("/readyz", Ready);
        endpoints.MapGet("/metrics", context =>
        {
            context.Response.ContentType = PrometheusText.ContentType;
            context.Response.Headers.CacheControl = "no-store";
            return context.Response.WriteAsync(PrometheusText.Write(meters.Read()), context.RequestAborted);
        });
    }

    async Task Ready(HttpContext context)
    {
        var excluded = context.Request.Query["exclude"];
        var results = await Task.WhenAll(checks.Where(check => !excluded.Contains(check.Name)).Select(check => Run(check, context.RequestAborted)));
        var isReady = results.All(result => result.Reason is null || result.OnlyDegrades);
        var isWhole = results.All(result => result.Reason is null);
        var text = new StringBuilder();
        foreach (var (name, reason, onlyDegrades) in results)
        {
            if (reason is not null || context.Request.Query.ContainsKey("verbose"))
            {
                text.Append(reason is null ? "[+] " : onlyDegrades ? "[~] " : "[-] ").Append(name).Append(reason is null ? " ok" : ": ").Append(reason).Append('\n');
            }
        }

        text.Append(isWhole ? "ready\n" : isReady ? "degraded\n" : "not ready\n");
        await Say(context, isReady ? 200 : 503, text.ToString());
    }

    static async Task<(string Name, string? Reason, bool OnlyDegrades)> Run(ReadinessCheck check, CancellationToken aborted)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        patience.CancelAfter(Patience);
        try
        {
            return (check.Name, await check.Check(patience.Token).WaitAsync(patience.Token), check.OnlyDegrades);
        }
        catch (OperationCanceledException)
        {
            return (check.Name, $"No answer within {Patience.TotalSeconds:0} s.", check.OnlyDegrades);
        }
    }

    static Task Say(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
