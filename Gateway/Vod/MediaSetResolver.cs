using System.Text;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>A set that is played, or why there is none.</summary>
readonly record struct ResolvedSet(MediaFailure Failure, string Reason, MediaSetDescription? Set)
{
    public static ResolvedSet Failed(MediaFailure failure, string reason) => new(failure, reason, null);
}

/// <summary>
/// Finds out what a URL plays: files themselves in local and remote mode; entries by their ids; in mapped mode the mapping of each of its sources, which an upstream or a file
/// has.
/// </summary>
sealed class MediaSetResolver(VodSources sources, VodEntries entries, UpstreamClient upstreams, VodCaches caches, VodMetrics metrics)
{
    internal async ValueTask<ResolvedSet> ResolveAsync(VodLocation location, VodUrl url, VodVariables variables, ContentTag tag, CancellationToken cancellation)
    {
        var sequences = new List<SequenceDescription>(url.Sources.Count);
        foreach (var source in url.Sources)
        {
            var resolved = await ResolveOneAsync(location, source, variables with { SubUri = location.Prefix + source.Uri }, tag, cancellation);
            if (resolved.Set is null || !url.IsMulti)
            {
                return resolved.Set is { } single ? new(MediaFailure.None, "", WithParameters(single, source)) : resolved;
            }

            if (resolved.Set is not { Sequences: [{ Clips: [SourceClip] } sequence], PlaylistType: PlaylistType.Vod })
            {
                return ResolvedSet.Failed(MediaFailure.BadRequest, "a multi URL can only name mappings of one file");
            }

            sequences.Add(WithParameters(resolved.Set, source).Sequences[0] with { Uri = location.Prefix + source.Uri });
        }

        var first = url.Sources[0];
        return new(MediaFailure.None, "", new MediaSetDescription { Sequences = sequences, ClipFrom = first.ClipFrom, ClipTo = first.ClipTo });
    }

    async ValueTask<ResolvedSet> ResolveOneAsync(VodLocation location, VodSourceUri source, VodVariables variables, ContentTag tag, CancellationToken cancellation)
    {
        if (location.Mode == VodMode.Entries && !(location.Root is { } root && File.Exists(root + source.Path))
            && await entries.ResolveAsync(source.Path, variables, cancellation) is { } entry)
        {
            return entry;
        }

        if (location.Mode != VodMode.Mapped)
        {
            return new(MediaFailure.None, "", Single(source.Path));
        }

        var overriding = location.MediaSetOverride?.Evaluate(variables) ?? "";
        var answer = await MappingAsync(location, source, variables, cancellation);
        if (answer.Failure != MediaFailure.None)
        {
            return ResolvedSet.Failed(answer.Failure, answer.Reason);
        }

        tag.Add(answer.Json.Span);
        if (overriding.Length == 0 && PathOf(location, answer.Json.Span) is { } named)
        {
            return new(MediaFailure.None, "", Single(named));
        }

        var started = VodMetrics.Start();
        var read = MappingJson.TryReadSet(answer.Json, overriding, out var set, out var failure, out var reason);
        metrics.Took("parse_mapping", started);
        return read ? new(MediaFailure.None, "", set) : ResolvedSet.Failed(failure, $"{variables.SubUri}: {reason}");
    }

    // What an upstream answers may be a path between two configured texts. A quote is no part of one: then it is JSON after all.
    static string? PathOf(VodLocation location, ReadOnlySpan<byte> answer)
    {
        if (location is { PathResponsePrefix: null, PathResponsePostfix: null })
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(answer).TrimEnd();
        var (prefix, postfix) = (location.PathResponsePrefix ?? DefaultPrefix, location.PathResponsePostfix ?? DefaultPostfix);
        return text.Length > prefix.Length + postfix.Length && text.StartsWith(prefix, StringComparison.Ordinal) && text.EndsWith(postfix, StringComparison.Ordinal)
            && text[prefix.Length..^postfix.Length] is var path && !path.Contains('"') ? path : null;
    }

    const string DefaultPrefix = "{\"sequences\":[{\"clips\":[{\"type\":\"source\",\"path\":\"", DefaultPostfix = "\"}]}]}";

    static MediaSetDescription Single(string path) => new() { Sequences = [new SequenceDescription { Clips = [new SourceClip { Path = path }] }] };

    async ValueTask<MappingAnswer> MappingAsync(VodLocation location, VodSourceUri source, VodVariables variables, CancellationToken cancellation)
    {
        var path = location.MediaSetMapUri?.Evaluate(variables) ?? source.Path;
        var query = location.UpstreamExtraArguments?.Evaluate(variables) ?? "";
        var key = string.Concat(location.Upstream?.Name ?? location.Root, "|", path, "|", query);
        if ((caches.Mapping(location)?.Get(key) ?? caches.LiveMapping(location)?.Get(key)) is { } kept)
        {
            return kept;
        }

        var started = VodMetrics.Start();
        var (upstream, below) = (location.Upstream, path);
        if (location.MediaSetMapUri is not null && Named(location, path, out var rest) is { } named)
        {
            (upstream, below) = (named, rest);   // only what a configuration says can choose the upstream, never a viewer's path
        }

        var answer = upstream is not null
            ? await AskAsync(location, upstream, below, query, cancellation)
            : await ReadFileAsync(location, path, cancellation);
        metrics.Took("get_mapping", started);
        Keep(location, key, answer);
        return answer;
    }

    // A live set lives in its own cache, which expires sooner; a mapping that asks not to be kept is not.
    void Keep(VodLocation location, string key, MappingAnswer answer)
    {
        var (finished, live) = (caches.Mapping(location), caches.LiveMapping(location));
        if (answer.Failure == MediaFailure.None && (finished ?? live) is not null
            && (PathOf(location, answer.Json.Span) is { } path ? Single(path) : MappingJson.TryReadSet(answer.Json, "", out var read, out _, out _) ? read : null) is { Cache: true } set)
        {
            (set.PlaylistType == PlaylistType.Vod ? finished : live)?.Set(key, answer, answer.Json.Length);
        }
    }

    /// <summary>Asks for a clip's mapping: what a dynamic clip, or a clip's id, stands for.</summary>
    internal async ValueTask<MappingAnswer> ClipAsync(VodLocation location, VodExpression uri, VodVariables variables, CancellationToken cancellation)
    {
        var path = uri.Evaluate(variables);
        var query = location.UpstreamExtraArguments?.Evaluate(variables) ?? "";
        var cache = caches.DynamicMapping(location);
        if (cache?.Get(path) is { } kept)
        {
            return kept;
        }

        var upstream = Named(location, path, out var below) ?? location.Upstream;
        var answer = await AskAsync(location, upstream, below, query, cancellation);
        if (answer.Failure == MediaFailure.None)
        {
            cache?.Set(path, answer, answer.Json.Length);
        }

        return answer;
    }

    async Task<MappingAnswer> AskAsync(VodLocation location, VodUpstream? upstream, string path, string query, CancellationToken cancellation)
    {
        if (upstream is null || UpstreamClient.Address(upstream, path, query) is not { } uri)
        {
            return new(MediaFailure.BadRequest, $"{path} is at no upstream", default);
        }

        var answer = await upstreams.GetAsync(uri, location.MaxMappingResponseSize, location.MaxUpstreamHeadersSize, cancellation);
        return new(answer.Failure, answer.Reason, answer.Body);
    }

    /// <summary>The upstream that a URI begins with, and what comes after its name; null and the URI itself where it names none.</summary>
    internal static VodUpstream? Named(VodLocation location, string path, out string below)
    {
        foreach (var (name, upstream) in location.Upstreams)
        {
            if (path.StartsWith(name, StringComparison.Ordinal) && (path.Length == name.Length || path[name.Length] == '/'))
            {
                below = path[name.Length..];
                return upstream;
            }
        }

        below = path;
        return null;
    }

    async ValueTask<MappingAnswer> ReadFileAsync(VodLocation location, string path, CancellationToken cancellation)
    {
        var opened = await sources.OpenAsync(location with { Mode = VodMode.Local, RemoteUpstream = null }, path, SourceAccess.File, cancellation);
        if (opened.Source is not { } file)
        {
            return new(opened.Failure, opened.Reason, default);
        }

        await using (file)
        {
            if (file.Length > location.MaxMappingResponseSize)
            {
                return new(MediaFailure.BadMapping, $"{path} is longer than max_mapping_response_size", default);
            }

            var bytes = new byte[file.Length];
            var read = await file.ReadAsync(0, bytes, cancellation);
            return new(MediaFailure.None, "", bytes.AsMemory(0, read));
        }
    }

    // The URL's parameters count for every source of the set.
    static MediaSetDescription WithParameters(MediaSetDescription set, VodSourceUri source) => set with
    {
        ClipFrom = set.ClipFrom > 0 ? set.ClipFrom : source.ClipFrom,
        ClipTo = set.ClipTo ?? source.ClipTo,
        Sequences = source is { Tracks: null, Language: "", Speed: 1 } ? set.Sequences : [.. set.Sequences.Select(sequence => WithParameters(sequence, source))],
    };

    static SequenceDescription WithParameters(SequenceDescription sequence, VodSourceUri source) => sequence with
    {
        Language = source.Language.Length > 0 ? source.Language : sequence.Language,
        Clips = [.. sequence.Clips.Select(clip => WithParameters(clip, source))],
    };

    static ClipDescription WithParameters(ClipDescription clip, VodSourceUri source)
    {
        clip = source.Tracks is not { } tracks ? clip : clip switch
        {
            SourceClip file => file with { Tracks = file.Tracks is { } mapped ? mapped & tracks : tracks },
            ConcatClip concat => concat with { Tracks = concat.Tracks is { } mapped ? mapped & tracks : tracks },
            _ => clip,
        };
        return source.Speed == 1 ? clip : new RateFilterClip(source.Speed, clip);
    }
}
