using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Tributary.Media.Packaging.Vod;

namespace Tributary.Gateway.Vod;

/// <summary>Reads locations: <c>upstreams</c> by name, and <c>locations</c> with prefix, packager, mode, root and options. Mistakes are lines, one each.</summary>
static class LocationsReader
{
    /// <summary>Reads a locations file's text.</summary>
    public static IReadOnlyList<VodLocation> Read(string json, List<string> problems)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return Read(Entry.Of(document.RootElement), problems);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)   // the second: a text of half a character
        {
            problems.Add($"not JSON: {exception.Message}");
            return [];
        }
    }

    /// <summary>Reads <c>Vod:Upstreams</c> and <c>Vod:Locations</c>.</summary>
    public static IReadOnlyList<VodLocation> Read(IConfigurationSection vod, List<string> problems) => Read(Entry.Of(vod), problems);

    static List<VodLocation> Read(Entry root, List<string> problems)
    {
        var upstreams = new Dictionary<string, VodUpstream>(StringComparer.Ordinal);
        foreach (var upstream in root["upstreams"]?.Children ?? [])
        {
            if (TryUpstream(upstream, out var read))
            {
                upstreams[read.Name] = read;
            }
            else
            {
                problems.Add($"upstream {upstream.Name}: must be a name that begins with a slash, and an http or https URL without a query, or such a url and a host");
            }
        }

        var locations = new List<VodLocation>();
        foreach (var entry in root["locations"]?.Children ?? [])
        {
            if (Location(entry, upstreams, problems) is not { } location)
            {
                continue;
            }

            if (locations.Any(other => other.Prefix == location.Prefix))
            {
                problems.Add($"location {location.Prefix}: stands there twice");
            }

            locations.Add(location);
        }

        return locations;
    }

    static bool TryUpstream(Entry entry, out VodUpstream upstream)
    {
        var name = entry.Name.Length > 1 ? entry.Name.TrimEnd('/') : entry.Name;
        var (text, host) = (entry["url"]?.Text ?? entry.Text, entry["host"]?.Text ?? "");
        var valid = Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Query.Length == 0 && uri.UserInfo.Length == 0;
        upstream = new(name, uri ?? new Uri("http://invalid/"), host);
        return valid && name is ['/', _, ..] && entry.Children.All(field => field.Name is "url" or "host") && !host.AsSpan().ContainsAny(NoPath) && !host.Contains('/');
    }

    static readonly SearchValues<char> NoPath = SearchValues.Create("?#%*{} ");

    static readonly string[] Fields = ["prefix", "packager", "mode", "root", "options"];

    static VodLocation? Location(Entry entry, Dictionary<string, VodUpstream> upstreams, List<string> problems)
    {
        var prefix = entry["prefix"]?.Text.TrimEnd('/') ?? "";
        var count = problems.Count;
        void Problem(string what) => problems.Add($"location {(prefix.Length > 0 ? prefix : "without a prefix")}: {what}");
        if (prefix is not ['/', _, ..] || prefix.Contains("//", StringComparison.Ordinal) || prefix.AsSpan().ContainsAny(NoPath))
        {
            Problem("prefix must be a path such as /hls");
        }
        else if (Reserved.Contains(prefix.Split('/')[1]))
        {
            Problem("prefix belongs to the server itself");
        }

        foreach (var field in entry.Children.Where(field => !Fields.Contains(field.Name, StringComparer.OrdinalIgnoreCase)))
        {
            Problem($"{field.Name} is no field of a location (known: {string.Join(", ", Fields)})");
        }

        if (!TryPackaging(entry["packager"]?.Text, out var packaging))
        {
            Problem("packager must be one of hls, dash, mss, hds, none, thumb, volume_map, status");
        }

        if (!TryMode(entry["mode"]?.Text, entry["packager"]?.Text, out var mode))
        {
            Problem("mode must be one of local, mapped, remote, entries");
        }

        var location = new VodLocation { Prefix = prefix, Packaging = packaging, Mode = mode, Root = entry["root"]?.Text, Upstreams = upstreams };
        foreach (var option in entry["options"]?.Children ?? [])
        {
            if (VodDirectives.Set(ref location, upstreams, option.Name, option.Values) is { } wrong)
            {
                Problem($"{option.Name} {wrong}");
            }
        }

        Check(location, Problem);
        return problems.Count == count ? location : null;
    }

    static readonly string[] Reserved = ["live", "api", "api_v3", "metrics", "livez", "readyz", "dashboard", "openapi"];

    static void Check(VodLocation location, Action<string> problem)
    {
        if (location.Root is { } root && !Path.IsPathFullyQualified(root))
        {
            problem("root must be an absolute path");
        }

        switch (location.Mode)
        {
            case VodMode.Local when location.Root is null:
                problem("local needs root");
                break;
            case VodMode.Mapped when location.Root is null && location.Upstream is null && location.MediaSetMapUri is null:
                problem("mapped needs root (of mapping files) or the option upstream_location");
                break;
            case VodMode.Remote when (location.Upstream ?? location.RemoteUpstream) is null:
                problem("remote needs the option upstream_location");
                break;
        }
    }

    static bool TryPackaging(string? text, out VodPackaging packaging)
    {
        (packaging, var known) = text switch
        {
            "none" or "status" => (VodPackaging.None, true),
            "dash" => (VodPackaging.Dash, true),
            "hds" => (VodPackaging.Hds, true),
            "hls" => (VodPackaging.Hls, true),
            "mss" => (VodPackaging.Mss, true),
            "thumb" => (VodPackaging.Thumb, true),
            "volume_map" => (VodPackaging.VolumeMap, true),
            _ => (VodPackaging.None, false),
        };
        return known;
    }

    static bool TryMode(string? text, string? packager, out VodMode mode)
    {
        (mode, var known) = (text, packager) switch
        {
            (_, "status") => (VodMode.Status, true),
            (null or "" or "local", _) => (VodMode.Local, true),
            ("mapped", _) => (VodMode.Mapped, true),
            ("remote", _) => (VodMode.Remote, true),
            ("entries", _) => (VodMode.Entries, true),
            _ => (VodMode.Local, false),
        };
        return known;
    }

    /// <summary>JSON and configuration as one tree: a name, a text, children.</summary>
    sealed record Entry(string Name, string Text, IReadOnlyList<Entry> Children)
    {
        public Entry? this[string name] => Children.FirstOrDefault(child => child.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

        /// <summary>One value, or the elements of an array.</summary>
        public string[] Values => Children.Count > 0 ? [.. Children.Select(child => child.Text)] : [Text];

        public static Entry Of(JsonElement element, string name = "") => element.ValueKind switch
        {
            JsonValueKind.Object => new(name, "", [.. element.EnumerateObject().Select(field => Of(field.Value, field.Name))]),
            JsonValueKind.Array => new(name, "", [.. element.EnumerateArray().Select((item, index) => Of(item, $"{index}"))]),
            JsonValueKind.String => new(name, element.GetString() ?? "", []),
            JsonValueKind.True => new(name, "on", []),
            JsonValueKind.False => new(name, "off", []),
            _ => new(name, element.ToString(), []),
        };

        public static Entry Of(IConfigurationSection section) => new(section.Key, section.Value ?? "", [.. section.GetChildren().Select(Of)]);
    }
}
