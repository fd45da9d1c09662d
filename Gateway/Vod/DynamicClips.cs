using System.Text;
using System.Text.Json;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Puts content in place of dynamic clips, and paths in place of clips' ids: as an upstream says, or as <c>$vod_dynamic_mapping</c> of an earlier request
/// said (<c>apply_dynamic_mapping</c>). Only clips that a request needs are asked for.
/// </summary>
sealed class DynamicClips(MediaSetResolver resolver, MappingSeal seal)
{
    /// <summary>Resolves clips of a set.</summary>
    /// <param name="location">Where the upstreams' URIs are configured.</param>
    /// <param name="set">The set.</param>
    /// <param name="isNeeded">Whether the request needs a clip, by its number.</param>
    /// <param name="variables">Of the request.</param>
    /// <param name="cancellation">Ends the asking.</param>
    /// <returns>The set, and what the dynamic clips became, serialized: for <c>$vod_dynamic_mapping</c>.</returns>
    internal async ValueTask<(ResolvedSet Set, string Mapping)> ResolveAsync(
        VodLocation location, MediaSetDescription set, Func<int, bool> isNeeded, VodVariables variables, CancellationToken cancellation)
    {
        if (!set.Sequences.Any(sequence => sequence.Clips.Any(clip => clip is DynamicClip or ConcatClip { Paths.Count: 0 })))
        {
            return (new(MediaFailure.None, "", set), None);
        }

        IReadOnlyDictionary<string, string> given = Read(location.ApplyDynamicMapping?.Evaluate(variables) ?? "");
        var (used, sequences) = (new SortedDictionary<string, string>(StringComparer.Ordinal), new List<SequenceDescription>());
        foreach (var sequence in set.Sequences)
        {
            var clips = new List<ClipDescription>(sequence.Clips);
            for (var at = 0; at < clips.Count; at++)
            {
                if (!isNeeded(at))
                {
                    continue;
                }

                var (clip, failure, reason) = await ResolveAsync(location, clips[at], given, used, variables, cancellation);
                if (clip is null)
                {
                    return (ResolvedSet.Failed(failure, reason), None);
                }

                clips[at] = clip;
            }

            sequences.Add(sequence with { Clips = clips });
        }

        return (new(MediaFailure.None, "", set with { Sequences = sequences }), Write(used));
    }

    async ValueTask<(ClipDescription? Clip, MediaFailure Failure, string Reason)> ResolveAsync(
        VodLocation location, ClipDescription clip, IReadOnlyDictionary<string, string> given, SortedDictionary<string, string> used, VodVariables variables,
        CancellationToken cancellation)
    {
        if (clip is DynamicClip dynamic)
        {
            ReadOnlyMemory<byte> json;
            if (given.TryGetValue(dynamic.Id, out var known))
            {
                json = Encoding.UTF8.GetBytes(known);
            }
            else if (location.DynamicClipMapUri is { } uri)
            {
                var answer = await resolver.ClipAsync(location, uri, variables with { ClipId = dynamic.Id }, cancellation);
                if (answer.Failure != MediaFailure.None)
                {
                    return (null, answer.Failure, answer.Reason);
                }

                json = answer.Json;
            }
            else
            {
                return (null, MediaFailure.Internal, $"nothing says what the dynamic clip {dynamic.Id} is: dynamic_clip_map_uri is not set");
            }

            if (!MappingJson.TryReadClip(json, out var read, out var failure, out var reason))
            {
                return (null, failure, reason);
            }

            if (read is not ConcatClip concat)
            {
                return (null, MediaFailure.BadMapping, $"the dynamic clip {dynamic.Id} is not a concat");
            }

            used[dynamic.Id] = Encoding.UTF8.GetString(json.Span);
            clip = concat with { KeyFrameDurations = dynamic.KeyFrameDurations, FirstKeyFrameOffset = dynamic.FirstKeyFrameOffset };
        }

        return clip is ConcatClip { Paths.Count: 0 } ids ? await PathsAsync(location, ids, variables, cancellation) : (clip, MediaFailure.None, "");
    }

    async ValueTask<(ClipDescription? Clip, MediaFailure Failure, string Reason)> PathsAsync(
        VodLocation location, ConcatClip concat, VodVariables variables, CancellationToken cancellation)
    {
        if (location.SourceClipMapUri is not { } uri)
        {
            return (null, MediaFailure.Internal, "nothing says where clips are by their ids: source_clip_map_uri is not set");
        }

        var paths = new List<string>(concat.ClipIds.Count);
        foreach (var id in concat.ClipIds)
        {
            var answer = await resolver.ClipAsync(location, uri, variables with { ClipId = id }, cancellation);
            if (answer.Failure != MediaFailure.None)
            {
                return (null, answer.Failure, answer.Reason);
            }

            if (!MappingJson.TryReadClip(answer.Json, out var clip, out var failure, out var reason) || clip is not SourceClip source)
            {
                return (null, failure == MediaFailure.None ? MediaFailure.BadMapping : failure, $"the clip {id} is no source. {reason}");
            }

            paths.Add(source.Path);
        }

        return (concat with { Paths = paths }, MediaFailure.None, "");
    }

    // What stands where nothing was mapped.
    const string None = "none";

    // A JSON object of id to mapping, sealed: it travels in URLs that viewers hold, and names files.
    string Write(SortedDictionary<string, string> used) => used.Count == 0 ? None : seal.Close(JsonSerializer.SerializeToUtf8Bytes(used));

    Dictionary<string, string> Read(string text) =>
        text.Length > 0 && text != None && seal.Open(text) is { } json ? JsonSerializer.Deserialize<Dictionary<string, string>>(json) ?? [] : [];
}
