using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tributary.Gateway.Live;
using Tributary.Media.Packaging.Hls;

namespace Tributary.Gateway.Access;

/// <summary>
/// A playlist for one viewer: the text that all share, with the viewer's ticket behind each address in it, so that players need to carry nothing along.
/// The text and the places are shared; what is a viewer's own is the ticket, written in between.
/// </summary>
static class TicketedPlaylist
{
    /// <summary>Returns the bytes written.</summary>
    public static async Task<long> Write(HttpContext context, string type, PlaylistText text, TimeSpan age, string ticket)
    {
        var headers = context.Response.Headers;
        var tag = $"{text.ETag[..^1]}-{ticket[^8..]}\"";
        headers.CacheControl = Answers.MaxAge(age);
        headers.ETag = tag;
        if (Answers.IsKnown(context.Request, tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return 0;
        }

        var (first, next, escaped) = Forms(ticket);
        var location = text.ManifestHead > 0 ? Location(context, escaped) : [];
        context.Response.ContentType = type;
        context.Response.ContentLength = text.Plain.Length + location.Length + text.Addresses.Sum(address => (long)Form(address.Joint).Length);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return 0;
        }

        var output = context.Response.BodyWriter;
        var from = 0;
        if (location.Length > 0)
        {
            output.Write(text.Plain.Span[..text.ManifestHead]);
            output.Write(location);
            from = text.ManifestHead;
        }

        foreach (var (end, joint) in text.Addresses)
        {
            output.Write(text.Plain.Span[from..end]);
            output.Write(Form(joint));
            from = end;
        }

        output.Write(text.Plain.Span[from..]);
        await output.FlushAsync(context.RequestAborted);
        return context.Response.ContentLength.Value;

        byte[] Form(PlaylistJoint joint) => joint switch { PlaylistJoint.First => first, PlaylistJoint.Next => next, _ => escaped };
    }

    static (byte[] First, byte[] Next, byte[] Escaped) Forms(string ticket) =>
        (Encoding.ASCII.GetBytes($"?ticket={ticket}"), Encoding.ASCII.GetBytes($"&ticket={ticket}"), Encoding.ASCII.GetBytes($"&amp;ticket={ticket}"));

    // Where a player asks for the manifest again (ISO/IEC 23009-1 §5.3.1.2): its first address may be good for the first time only.
    static byte[] Location(HttpContext context, byte[] escaped)
    {
        var path = context.Request.Path.Value!;
        return [.. "<Location>"u8, .. Encoding.ASCII.GetBytes(path[(path.LastIndexOf('/') + 1)..]), (byte)'?', .. escaped.AsSpan("&amp;".Length), .. "</Location>\n"u8];
    }
}
