using Microsoft.AspNetCore.Http;
using Tributary.Grains.Platform.Calls;

namespace Tributary.Gateway.ApiV3;

/// <summary>A file as the answer of an action.</summary>
static class FileAnswer
{
    public static async Task Write(HttpContext context, ServedFile file)
    {
        if (file.Redirect is { } address)
        {
            context.Response.Redirect(address);
            return;
        }

        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (file.Bytes is { } bytes)
        {
            context.Response.ContentType = file.ContentType;
            context.Response.ContentLength = bytes.Length;
            await context.Response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
            return;
        }

        await Results.File(file.Path!, file.ContentType, enableRangeProcessing: true).ExecuteAsync(context);
    }
}
