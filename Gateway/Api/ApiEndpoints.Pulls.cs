using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tributary.Gateway.Live;
using Tributary.Grains.Pulls;
using Tributary.Protocols.Rtmp;

namespace Tributary.Gateway.Api;

// What the cluster pulls from other servers. Queries of sources may hold credentials and are never shown.
sealed partial class ApiEndpoints
{
    const int LongestBody = 8 * 1024;

    void MapPulls(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/pulls", context => Guard(context, () => Pulls(context)));
        endpoints.MapGet("/api/v1/pulls/{name}", context => Guard(context, () => Pull(context)));
        endpoints.MapPost("/api/v1/pulls", context => Command(context, () => StartPull(context)));
        endpoints.MapDelete("/api/v1/pulls/{name}", context => Command(context, () => StopPull(context)));
    }

    async Task Pulls(HttpContext context)
    {
        var names = await Ask(grains.GetGrain<IPullCatalogGrain>(0).Names());
        var pulls = await Ask(Task.WhenAll(names.Select(name => grains.GetGrain<IPullGrain>(name).Describe())));
        await Json(context, [.. pulls.OfType<PullDescription>().Select(Item)], ApiJson.Default.IReadOnlyListPullItem);
    }

    async Task Pull(HttpContext context)
    {
        var name = context.Request.RouteValues["name"] as string;
        if (!StreamName.IsValid(name) || await Ask(grains.GetGrain<IPullGrain>(name!).Describe()) is not { } pull)
        {
            await Fail(context, 404, "Not found", "Nothing is pulled under this name.");
            return;
        }

        await Json(context, Item(pull), ApiJson.Default.PullItem);
    }

    async Task StartPull(HttpContext context)
    {
        if (await Body(context) is not { } wanted)
        {
            return;
        }

        if (!StreamName.IsValid(wanted.Name))
        {
            await Fail(context, 400, "Bad request", "A stream's name is a letter or digit and up to 127 letters, digits, '.', '_' and '-'.");
        }
        else if (!RtmpPlayUrl.TryParse(wanted.Url, out _, out var sentence))
        {
            await Fail(context, 400, "Bad request", sentence);
        }
        else if (await Ask(grains.GetGrain<IPullGrain>(wanted.Name!).Start(new PullSource { Url = wanted.Url! })) is not { } pull)
        {
            await Fail(context, 409, "Conflict", "The cluster pulls as many sources as it may.");
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status201Created;
            context.Response.Headers.Location = $"/api/v1/pulls/{pull.Name}";
            await Json(context, Item(pull), ApiJson.Default.PullItem);
        }
    }

    async Task StopPull(HttpContext context)
    {
        var name = context.Request.RouteValues["name"] as string;
        if (!StreamName.IsValid(name) || !await Ask(grains.GetGrain<IPullGrain>(name!).Stop()))
        {
            await Fail(context, 404, "Not found", "Nothing is pulled under this name.");
            return;
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    static async Task<PullRequest?> Body(HttpContext context)
    {
        try
        {
            if (context.Request.ContentLength is <= LongestBody)
            {
                return await JsonSerializer.DeserializeAsync(context.Request.Body, ApiJson.Default.PullRequest, context.RequestAborted)
                    ?? new PullRequest(null, null);
            }
        }
        catch (JsonException)
        {
            // Answered below.
        }

        await Fail(context, 400, "Bad request", $"The body is JSON of at most {LongestBody} bytes, with its length: {{\"name\": STREAM, \"url\": SOURCE}}.");
        return null;
    }

    static PullItem Item(PullDescription pull) => new(
        pull.Name, RtmpPlayUrl.TryParse(pull.Source.Url, out var url, out _) ? url.ToString() : "", pull.Source.Configured, pull.State, Named(pull.Primary),
        Named(pull.Backup), Named(pull.Leaving), pull.Epoch, pull.Since, pull.Why, Named(pull.Trouble), pull.Attempts);

    static string? Named(string text) => text.Length > 0 ? text : null;
}
