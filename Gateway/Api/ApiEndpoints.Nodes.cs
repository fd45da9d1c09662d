using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tributary.Gateway.Live;
using Tributary.Grains.ServerNodes;

namespace Tributary.Gateway.Api;

// The nodes of the cluster, and the command that empties one.
sealed partial class ApiEndpoints
{
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);
    static readonly TimeSpan DrainCheck = TimeSpan.FromMilliseconds(250);

    void MapNodes(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/nodes", context => Guard(context, () => Nodes(context)));
        endpoints.MapGet("/api/v1/nodes/{name}", context => Guard(context, () => Node(context)));
        endpoints.MapPost("/api/v1/nodes/{name}/drain", context => Command(context, () => Drain(context, draining: true)));
        endpoints.MapDelete("/api/v1/nodes/{name}/drain", context => Command(context, () => Drain(context, draining: false)));
    }

    async Task Nodes(HttpContext context)
    {
        var nodes = await Ask(grains.GetGrain<INodeCatalogGrain>(0).List());
        await Json(context, [.. nodes.Select(Item)], ApiJson.Default.IReadOnlyListNodeItem);
    }

    async Task Node(HttpContext context)
    {
        if (await Find(context) is { } node)
        {
            await Json(context, Item(node), ApiJson.Default.NodeItem);
        }
    }

    // ?wait=true answers when the node is empty: what a preStop hook or an operator's script waits for.
    async Task Drain(HttpContext context, bool draining)
    {
        if (await Find(context) is not { } node)
        {
            return;
        }

        var grain = grains.GetGrain<IServerNodeGrain>(node.Name);
        if (!await Ask(grain.Drain(draining)))
        {
            await Fail(context, 409, "Conflict", $"Node '{node.Name}' is {node.State} and does not answer.");
            return;
        }

        var query = context.Request.Query;
        var limit = int.TryParse(query["timeout"], out var seconds) && seconds is > 0 and < 600 ? TimeSpan.FromSeconds(seconds) : LongestWait;
        var until = query["wait"] == "true" ? time.GetTimestamp() + (long)(limit.TotalSeconds * time.TimestampFrequency) : 0;
        node = await Ask(grain.Describe());
        while (draining && !IsEmpty(node) && time.GetTimestamp() < until)
        {
            await Task.Delay(DrainCheck, time, context.RequestAborted);
            node = await Ask(grain.Describe());
        }

        context.Response.StatusCode = draining && !IsEmpty(node) ? StatusCodes.Status202Accepted : StatusCodes.Status200OK;
        await Json(context, Item(node), ApiJson.Default.NodeItem);
    }

    static bool IsEmpty(NodeDescription node) => node.State is not (NodeState.Active or NodeState.Draining) || node.Report is { Drained: true };

    async Task<NodeDescription?> Find(HttpContext context)
    {
        var name = context.Request.RouteValues["name"] as string;
        var nodes = await Ask(grains.GetGrain<INodeCatalogGrain>(0).List());
        if (nodes.FirstOrDefault(node => node.Name == name) is { } found)
        {
            return found;
        }

        await Fail(context, 404, "Not found", "The cluster never had a node of this name.");
        return null;
    }

    async Task<T> Ask<T>(Task<T> question)
    {
        try
        {
            return await question.WaitAsync(options.Value.AnswerTimeout, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            throw new StreamDirectoryException("The cluster does not answer.", exception);
        }
    }

    static NodeItem Item(NodeDescription node) => new(
        node.Name, node.State, node.Since, node.LastSeen, node.Report?.Roles ?? [], node.Report?.StartedAt, node.Report?.Version,
        node.Report?.Endpoints ?? [], node.Report?.Silo is { Length: > 0 } silo ? silo : null, node.Report?.Drained ?? false, node.Report?.Load);
}
