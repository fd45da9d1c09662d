using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Live;
using Tributary.Grains.Access;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Gateway.Api;

/// <summary>
/// Who may play and publish one stream, as operators decide it: <c>GET</c>, <c>PUT</c> and <c>DELETE /api/v1/streams/NAME/access</c>, and tokens for it:
/// <c>POST /api/v1/streams/NAME/tokens</c>. What is decided holds at every node within some seconds.
/// </summary>
sealed class AccessEndpoints(
    IGrainFactory grains, AdminAccess access, AccessRules rules, IOptions<AccessOptions> tokens, IOptions<EdgeOptions> options, TimeProvider time)
{
    const int LongestBody = 64 * 1024, MostRanges = 256, LongestKey = 1_024;
    const long LongestSeconds = 10L * 366 * 24 * 3_600, UsualSeconds = 3_600;
    const string AccessForm = "The body is {\"mode\": \"Public\" | \"Protected\" | \"Private\", \"key\": SECRET, \"playFrom\": [NETWORK …], \"playNotFrom\", "
        + "\"publishFrom\", \"publishNotFrom\"}; all but mode may be missing.";
    const string TokenForm = "The body is {\"action\": \"play\" | \"publish\", \"seconds\": N, \"endSeconds\": N, \"address\": NETWORK}; all may be missing.";

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/streams/{name}/access", context => Command(context, Show));
        endpoints.MapPut("/api/v1/streams/{name}/access", context => Command(context, Set));
        endpoints.MapDelete("/api/v1/streams/{name}/access", context => Command(context, Clear));
        endpoints.MapPost("/api/v1/streams/{name}/tokens", context => Command(context, Issue));
    }

    async Task Show(HttpContext context, string name) =>
        await ApiEndpoints.Json(context, Item(name, await Decided(name)), ApiJson.Default.StreamAccessItem);

    async Task Set(HttpContext context, string name)
    {
        var wanted = await CommandBody.Read(context, ApiJson.Default.StreamAccessCommand, LongestBody);
        string[][] lists = [wanted?.PlayFrom ?? [], wanted?.PlayNotFrom ?? [], wanted?.PublishFrom ?? [], wanted?.PublishNotFrom ?? []];
        if (wanted?.Mode is not { } mode || !Enum.IsDefined(mode) || wanted.Key?.Length > LongestKey || lists.Sum(static list => list.Length) > MostRanges
            || lists.Any(static list => list.Any(static text => text is null || !AddressRange.TryParse(text, out _))))
        {
            await ApiEndpoints.Fail(context, 400, "Bad request", AccessForm);
            return;
        }

        var key = wanted.Key switch { null => (await Decided(name))?.KeyHash ?? "", "" => "", var given => Hash(given) };
        var decided = new StreamAccess
        {
            Stream = name, Mode = mode, KeyHash = key, PlayFrom = lists[0], PlayNotFrom = lists[1], PublishFrom = lists[2], PublishNotFrom = lists[3],
        };
        if (!await Ask(grains.GetGrain<IAccessCatalogGrain>(0).Set(decided)))
        {
            await ApiEndpoints.Fail(context, 409, "Conflict", "As many streams have access of their own as may.");
            return;
        }

        await rules.Refresh();
        await ApiEndpoints.Json(context, Item(name, decided), ApiJson.Default.StreamAccessItem);
    }

    async Task Clear(HttpContext context, string name)
    {
        if (!await Ask(grains.GetGrain<IAccessCatalogGrain>(0).Clear(name)))
        {
            await ApiEndpoints.Fail(context, 404, "Not found", "No operator decided anything about this stream.");
            return;
        }

        await rules.Refresh();
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    async Task Issue(HttpContext context, string name)
    {
        if (tokens.Value.Tokens.Keys.Count == 0)
        {
            await ApiEndpoints.Fail(context, 409, "Conflict", "There is no key to sign with (Access:Tokens:Keys).");
            return;
        }

        AddressRange range = default;
        if (await CommandBody.Read(context, ApiJson.Default.TokenCommand, LongestBody) is not { } wanted || wanted.Action is not (null or "play" or "publish")
            || wanted.Seconds is <= 0 or > LongestSeconds || wanted.EndSeconds is <= 0 or > LongestSeconds
            || wanted.Address is { } address && !AddressRange.TryParse(address, out range))
        {
            await ApiEndpoints.Fail(context, 400, "Bad request", TokenForm);
            return;
        }

        var (id, secret) = tokens.Value.Tokens.Keys.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Last();   // the newest, where names are dates
        var now = time.GetUtcNow();
        var action = wanted.Action == "publish" ? AccessAction.Publish : AccessAction.Play;
        var token = new SignedToken(action, name, now.AddSeconds(wanted.Seconds ?? UsualSeconds))
        {
            Ends = wanted.EndSeconds is { } seconds ? now.AddSeconds(seconds) : null, Bound = wanted.Address is null ? null : range, KeyId = id,
        };
        context.Response.StatusCode = StatusCodes.Status201Created;
        await ApiEndpoints.Json(context, new TokenItem(token.Sign(Encoding.UTF8.GetBytes(secret)), token.Expires, token.Ends), ApiJson.Default.TokenItem);
    }

    async Task<StreamAccess?> Decided(string name) =>
        (await Ask(grains.GetGrain<IAccessCatalogGrain>(0).Read(-1)))?.Streams.FirstOrDefault(stream => stream.Stream == name);

    StreamAccessItem Item(string name, StreamAccess? decided) => decided is null
        ? new StreamAccessItem(name, false, rules.Find(name).Mode, false, [], [], [], [])
        : new StreamAccessItem(name, true, decided.Mode, decided.KeyHash.Length > 0, decided.PlayFrom, decided.PlayNotFrom, decided.PublishFrom, decided.PublishNotFrom);

    static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    async Task Command(HttpContext context, Func<HttpContext, string, Task> handler)
    {
        if (access.Refusal(context) is { } refusal)
        {
            await ApiEndpoints.Fail(context, refusal.Status, refusal.Title, refusal.Detail);
            return;
        }

        if (context.Request.RouteValues["name"] is not string name || !StreamName.IsValid(name))
        {
            await ApiEndpoints.Fail(context, 404, "Not found", "There is no such stream.");
            return;
        }

        try
        {
            await handler(context, name);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            await ApiEndpoints.Fail(context, 503, "Unavailable", "The cluster does not answer.");
        }
    }

    Task<T> Ask<T>(Task<T> question) => question.WaitAsync(options.Value.AnswerTimeout, time);
}
