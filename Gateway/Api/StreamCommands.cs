using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Live;
using Tributary.Grains.LiveStreams;

namespace Tributary.Gateway.Api;

/// <summary>
/// Commands to one stream: <c>POST /api/v1/streams/NAME/switch {"slot": 1}</c> and <c>…/transfer {"node": "ingest-2"}</c>. 200: it is so already,
/// 202: it will be, 409 with the reason: it cannot be.
/// </summary>
sealed class StreamCommands(IGrainFactory grains, AdminAccess access, IOptions<EdgeOptions> options, TimeProvider time)
{
    const int LongestBody = 4_096;
    const int LongestNode = 256;

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/api/v1/streams/{name}/switch", Switch);
        endpoints.MapPost("/api/v1/streams/{name}/transfer", Transfer);
    }

    Task Switch(HttpContext context) => Command(
        context, ApiJson.Default.SwitchCommand, command => command.Slot is 0 or 1,
        "The body is {\"slot\": 0} for the primary or {\"slot\": 1} for the backup.", (stream, command) => stream.Switch(command.Slot!.Value));

    Task Transfer(HttpContext context) => Command(
        context, ApiJson.Default.TransferCommand, command => command.Node is { Length: > 0 and <= LongestNode },
        "The body is {\"node\": \"NAME\"}.", (stream, command) => stream.Transfer(command.Node!));

    async Task Command<T>(
        HttpContext context,
        JsonTypeInfo<T> type,
        Func<T, bool> isValid,
        string form,
        Func<ILiveStreamGrain, T, Task<SwitchAnswer>> command)
        where T : class
    {
        // 1. Who, and what.
        if (access.Refusal(context) is { } refusal)
        {
            await ApiEndpoints.Fail(context, refusal.Status, refusal.Title, refusal.Detail);
            return;
        }

        var name = context.Request.RouteValues["name"] as string;
        if (!StreamName.IsValid(name))
        {
            await ApiEndpoints.Fail(context, 404, "Not found", "There is no such stream.");
            return;
        }

        if (await CommandBody.Read(context, type, LongestBody) is not { } wanted || !isValid(wanted))
        {
            await ApiEndpoints.Fail(context, 400, "Bad request", form);
            return;
        }

        // 2. The stream decides.
        SwitchAnswer answer;
        try
        {
            answer = await command(grains.GetGrain<ILiveStreamGrain>(name!), wanted).WaitAsync(options.Value.AnswerTimeout, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            await ApiEndpoints.Fail(context, 503, "Unavailable", "The cluster does not answer.");
            return;
        }

        // 3.
        if (answer.Outcome == SwitchOutcome.Refused)
        {
            await ApiEndpoints.Fail(context, 409, "Conflict", answer.Sentence);
            return;
        }

        context.Response.StatusCode = answer.Outcome == SwitchOutcome.Pending ? 202 : 200;
        await ApiEndpoints.Json(context, new CommandResult(answer.Outcome, answer.Sentence), ApiJson.Default.CommandResult);
    }
}
