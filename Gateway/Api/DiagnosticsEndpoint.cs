using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tributary.Grains.KLive;

namespace Tributary.Gateway.Api;

/// <summary><c>/diagnostics/{command}</c>, as tools for older media servers ask for it: errors, entries, info, and killConnection?clientId=.</summary>
sealed class DiagnosticsEndpoint(EntryDiagnostics diagnostics, AdminAccess access)
{
    public void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet("/diagnostics/{command}", Answer);

    async Task Answer(HttpContext context)
    {
        if (access.Refusal(context) is { } refusal)
        {
            await ApiEndpoints.Fail(context, refusal.Status, refusal.Title, refusal.Detail);
            return;
        }

        JsonObject answer;
        try
        {
            answer = (string?)context.Request.RouteValues["command"] switch
            {
                "errors" => diagnostics.Errors(),
                "entries" => await diagnostics.Entries(),
                "info" => diagnostics.Info(),
                "killConnection" => await diagnostics.Kill(context.Request.Query["clientId"].ToString()),
                _ => new JsonObject { ["Error"] = "The commands are errors, entries, info and killConnection?clientId=ID." },
            };
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            await ApiEndpoints.Fail(context, 503, "Unavailable", "The cluster does not answer.");
            return;
        }

        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }
}
