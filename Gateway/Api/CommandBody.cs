using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Tributary.Gateway.Api;

/// <summary>Bodies of commands: JSON of a stated length that is not too long.</summary>
static class CommandBody
{
    /// <summary>The body; null where it states no length, is longer than <paramref name="longest"/> bytes, or is no such JSON.</summary>
    internal static async Task<T?> Read<T>(HttpContext context, JsonTypeInfo<T> type, long longest)
        where T : class
    {
        if (context.Request.ContentLength is not { } length || length > longest)
        {
            return null;
        }

        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
