using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tributary.Grains.Recordings;

namespace Tributary.Gateway.Recorded;

/// <summary>Gives the journals on this node's disk to gateways of the cluster, below <c>/inside/journals</c>, and to nobody else.</summary>
sealed class InsideEndpoint(LocalJournals journals, InsideAccess access)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(InsideAccess.Prefix + "/{kind}/{name}", List);
        endpoints.MapGet(InsideAccess.Prefix + "/{kind}/{name}/{file}", Read);
    }

    async Task List(HttpContext context)
    {
        if (!TryRead(context, out var kind, out var name))
        {
            return;
        }

        context.Response.ContentType = "application/json";
        var volumes = await journals.List(kind, name, context.RequestAborted);
        await JsonSerializer.SerializeAsync(context.Response.Body, volumes, InsideJson.Default.IReadOnlyListVolumeListing, context.RequestAborted);
    }

    async Task Read(HttpContext context)
    {
        var file = context.Request.RouteValues["file"] as string;
        if (!TryRead(context, out var kind, out var name))
        {
            return;
        }

        var path = Path.Combine(journals.FolderOf(kind).FolderOf(name), file ?? "");
        if (!JournalFolder.IsName(file) || !File.Exists(path))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await FileAnswers.Write(context, path);
    }

    // Who may not ask hears the same as who asks for what is not there.
    bool TryRead(HttpContext context, out JournalKind kind, out string name)
    {
        name = context.Request.RouteValues["name"] as string ?? "";
        if (!Enum.TryParse(context.Request.RouteValues["kind"] as string, out kind) || !JournalFolder.IsName(name) || !access.Allows(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return false;
        }

        context.Response.Headers.CacheControl = "no-store";
        return true;
    }
}
