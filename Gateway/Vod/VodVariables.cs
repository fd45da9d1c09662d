using Microsoft.AspNetCore.Http;

namespace Tributary.Gateway.Vod;

/// <summary>
/// What expressions of a location can name: nginx's own variables of a request as far as they make sense here, and <c>$vod_…</c>. Those of the phase that
/// a request is in are set where the phase begins.
/// </summary>
public sealed record VodVariables(HttpContext Context)
{
    /// <summary>Path of the source that is being looked up, the location's prefix included.</summary>
    public string SubUri { get; init; } = "";

    /// <summary>The file of that source: the path in the file system where it is a local one of a mapping; otherwise the same as <see cref="SubUri"/>.</summary>
    public string FilePath { get; init; } = "";

    public string SetId { get; init; } = "";

    public string SequenceId { get; init; } = "";

    public string ClipId { get; init; } = "";

    public string NotificationId { get; init; } = "";

    public string DynamicMapping { get; init; } = "";

    public string RequestParameters { get; init; } = "";

    /// <summary>Milliseconds since the Unix epoch; null outside of segments.</summary>
    public long? SegmentTime { get; init; }

    /// <summary>Milliseconds; null outside of segments.</summary>
    public long? SegmentDuration { get; init; }

    static readonly HashSet<string> Names =
    [
        "vod_suburi", "vod_filepath", "vod_set_id", "vod_sequence_id", "vod_clip_id", "vod_notification_id", "vod_dynamic_mapping", "vod_request_params",
        "vod_segment_time", "vod_segment_duration", "vod_status", "vod_frames_bytes_read",
        "host", "http_host", "scheme", "https", "uri", "document_uri", "request_uri", "args", "query_string", "is_args", "request_method", "server_protocol",
        "remote_addr", "remote_port", "server_addr", "server_port", "server_name", "hostname",
    ];

    internal static bool IsKnown(string name) =>
        Names.Contains(name) || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal) && name.Length > prefix.Length);

    static readonly string[] Prefixes = ["arg_", "http_", "cookie_"];

    /// <summary>A variable's value; empty where it has none.</summary>
    public string this[string name] => name switch
    {
        "vod_suburi" => SubUri,
        "vod_filepath" => FilePath,
        "vod_set_id" => SetId,
        "vod_sequence_id" => SequenceId.Length > 0 ? SequenceId : SubUri,
        "vod_clip_id" => ClipId,
        "vod_notification_id" => NotificationId,
        "vod_dynamic_mapping" => DynamicMapping,
        "vod_request_params" => RequestParameters,
        "vod_segment_time" => Text(SegmentTime),
        "vod_segment_duration" => Text(SegmentDuration),
        "vod_status" or "vod_frames_bytes_read" => "",   // known when the answer is over: of use to nginx's log only
        "host" or "server_name" => Context.Request.Host.Host,
        "scheme" => Context.Request.Scheme,
        "https" => Context.Request.IsHttps ? "on" : "",
        "uri" or "document_uri" => Context.Request.Path.Value ?? "",
        "request_uri" => Context.Request.Path.Value + Context.Request.QueryString.Value,
        "args" or "query_string" => Context.Request.QueryString.Value is { Length: > 0 } query ? query[1..] : "",
        "is_args" => Context.Request.QueryString.Value is { Length: > 1 } ? "?" : "",
        "remote_addr" => Context.Connection.RemoteIpAddress?.ToString() ?? "",
        "remote_port" => Text(Context.Connection.RemotePort),
        "server_addr" => Context.Connection.LocalIpAddress?.ToString() ?? "",
        "server_port" => Text(Context.Connection.LocalPort),
        "hostname" => Environment.MachineName,
        "request_method" => Context.Request.Method,
        "server_protocol" => Context.Request.Protocol,
        _ when name.StartsWith("cookie_", StringComparison.Ordinal) => Context.Request.Cookies[name[7..]] ?? "",
        _ when name.StartsWith("arg_", StringComparison.Ordinal) => Context.Request.Query[name[4..]].ToString(),
        _ => Context.Request.Headers[name[5..].Replace('_', '-')].ToString(),
    };

    static string Text(long? number) => number?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "";
}
