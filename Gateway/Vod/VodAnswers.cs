using Microsoft.AspNetCore.Http;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>What a request is answered with: a body with its tag and age, a place to go to, or a failure. Whoever sends it disposes it.</summary>
sealed record VodAnswer : IAsyncDisposable
{
    public MediaFailure Failure { get; init; }

    public string Reason { get; init; } = "";

    public string RedirectTo { get; init; } = "";

    public PackagedBody? Body { get; init; }

    /// <summary>What was asked for.</summary>
    public VodRequestKind Kind { get; init; }

    public string Tag { get; init; } = "";

    public ResponseAge Age { get; init; }

    /// <summary>Whether it is a piece of media, which stays as it is also in a live set.</summary>
    public bool IsSegment { get; init; }

    public static VodAnswer Failed(MediaFailure failure, string reason) => new() { Failure = failure, Reason = reason };

    public ValueTask DisposeAsync() => Body?.DisposeAsync() ?? default;
}

/// <summary>
/// Makes answers: 1. from the response cache, else 2. the set that the URL means is found, 3. dynamic clips that the request needs get their content,
/// 4. segments go elsewhere where the location redirects them, 5. expressions are evaluated, 6. the packager makes the body, 7. upstreams are told of
/// notifications that the segment passes, 8. what is small and stays is kept.
/// </summary>
sealed class VodAnswers(
    MediaSetResolver resolver, DynamicClips dynamicClips, VodNotifications notifications, DrmInfo drm, VodSources sources, VodCaches caches, VodMetrics metrics, TimeProvider time)
{
    /// <summary>The answer that is kept for the same URL, if any: it need not be taken apart.</summary>
    internal VodAnswer? Kept(HttpContext context, VodLocation location, string path) =>
        KeyOf(context, location, path) is { Length: > 0 } key ? Kept(location, key, asksAgain: true) : null;

    internal async ValueTask<VodAnswer> AnswerAsync(HttpContext context, VodLocation location, VodUrl url, string path)
    {
        // 1. Cache.
        var (request, cancellation) = (url.Request, context.RequestAborted);
        var isSegment = IsSegment(request.Kind);
        var key = isSegment ? "" : KeyOf(context, location, path);
        if (key.Length > 0 && Kept(location, key) is { } kept)
        {
            return kept;
        }

        // Until encryption is there, what is configured to be encrypted is not sent in the clear.
        var encrypts = location.Options.Drm.Enabled || location is { Packaging: VodPackaging.Hls, Options.Hls.Encryption: not HlsEncryption.None };
        if (encrypts && !location.Options.Drm.Enabled)
        {
            return VodAnswer.Failed(MediaFailure.NotImplemented, "encryption comes later");
        }

        // 2. Set.
        var variables = new VodVariables(context) { SubUri = location.Prefix + url.Sources[0].Uri, FilePath = location.Prefix + url.Sources[0].Uri };
        var identity = new ContentTag();
        var resolved = await resolver.ResolveAsync(location, url, variables, identity, cancellation);
        if (resolved.Set is not { } set)
        {
            return VodAnswer.Failed(resolved.Failure, resolved.Reason);
        }

        // 3. Dynamic clips.
        var clock = time.GetUtcNow().ToUnixTimeMilliseconds();
        var timeline = set.Durations.Count > 0 ? SetTimeline.Create(set, location.Options.Segmentation, set.Durations) : null;
        variables = variables with { SetId = set.Id, SequenceId = set.Sequences[0].Id, FilePath = FilePath(location, set, variables) };
        var needed = Needed(request, set, timeline);
        (resolved, var mapping) = await dynamicClips.ResolveAsync(location, set, needed, variables, cancellation);
        if (resolved.Set is null)
        {
            return VodAnswer.Failed(resolved.Failure, resolved.Reason);
        }

        if (encrypts)
        {
            var (failure, reason) = await drm.CheckAsync(location, variables, cancellation);
            return VodAnswer.Failed(failure == MediaFailure.None ? MediaFailure.NotImplemented : failure, failure == MediaFailure.None ? "encryption comes later" : reason);
        }

        // 4. Elsewhere.
        (set, variables) = (resolved.Set, variables with { DynamicMapping = mapping });
        if (isSegment && location.RedirectSegmentsUrl is { } elsewhere)
        {
            return new VodAnswer { RedirectTo = elsewhere.Evaluate(variables) };
        }

        // 5. Expressions.
        var options = Evaluated(location, variables);
        var place = Place(location, variables, path, url);

        // 6. Packager.
        var opener = new VodMediaOpener(location, sources);
        var started = VodMetrics.Start();
        var job = new VodJob(set, request, place, clock);
        var packaged = request.Kind == VodRequestKind.Progressive
            ? await ProgressiveFile.AnswerAsync(opener, job, options.Reading, cancellation)
            : await new VodPackager(opener, options).AnswerAsync(job, cancellation);
        metrics.Took("package", started);
        if (packaged.Body is not { } body)
        {
            return VodAnswer.Failed(packaged.Failure, packaged.Reason);
        }

        // 7. Notifications.
        if (isSegment && location.NotificationUri is not null)
        {
            notifications.Passing(location, set, timeline, request, variables);
        }

        // 8. What is kept.
        var age = AgeOf(location, set, request.Kind, isSegment);
        identity.Add(opener.Identity.Of(0));
        identity.Add(path);
        identity.Add(location.Prefix);
        var tag = body is MemoryBody whole ? TagOf(whole) : identity.Of(body.Length);
        if (key.Length > 0 && body is MemoryBody memory && !IsOfEntry(set))
        {
            Keep(location, key, new(location, request.Kind, memory.Bytes, body.ContentType, tag, age));
        }

        return new VodAnswer { Body = body, Kind = request.Kind, Tag = tag, Age = age, IsSegment = isSegment };
    }

    static bool IsSegment(VodRequestKind kind) => kind is VodRequestKind.HlsTsSegment or VodRequestKind.HlsFmp4Segment or VodRequestKind.HlsCaptionsSegment
        or VodRequestKind.DashFragment or VodRequestKind.DashCaptions or VodRequestKind.DashCaptionsFragment or VodRequestKind.MssFragment or VodRequestKind.HdsFragment
        or VodRequestKind.Progressive or VodRequestKind.Thumbnail or VodRequestKind.VolumeMap;

    static string TagOf(MemoryBody body)
    {
        var tag = new ContentTag();
        tag.Add(body.Bytes.Span);
        return tag.Of(body.Length);
    }

    // Which clips a request has frames of; for a manifest the one that stands for all, or every one.
    static Func<int, bool> Needed(VodRequest request, MediaSetDescription set, SetTimeline? timeline)
    {
        if (timeline is null)
        {
            return _ => true;
        }

        if (request.ClipIndex is { } number)
        {
            return clip => clip == number - timeline.FirstClipNumber;
        }

        if (request.SegmentIndex is { } segment)
        {
            var ranges = timeline.RangesOf(segment);
            return clip => ranges.Any(range => range.Clip == clip);
        }

        if (request.SegmentTime is not null || !set.ConsistentSequenceMediaInfo)
        {
            return _ => true;
        }

        var reference = Math.Clamp((set.ReferenceClipIndex ?? timeline.ClipCount) - 1, 0, timeline.ClipCount - 1);
        return clip => clip == reference;
    }

    static string FilePath(VodLocation location, MediaSetDescription set, VodVariables variables) =>
        location.Mode == VodMode.Mapped && set.Sequences[0].Clips[0] is SourceClip source ? source.Path : variables.SubUri;

    static PackagingOptions Evaluated(VodLocation location, VodVariables variables)
    {
        var options = location.Options;
        if (location.EncryptionKeyUri is { } uri)
        {
            options = options with { Hls = options.Hls with { EncryptionKeyUri = uri.Evaluate(variables) } };
        }

        return location.SecretKey is null && location.EncryptionIvSeed is null ? options : options with
        {
            Drm = options.Drm with
            {
                SecretKey = location.SecretKey?.Evaluate(variables) ?? "",
                EncryptionIvSeed = location.EncryptionIvSeed?.Evaluate(variables) ?? "",
            },
        };
    }

    static VodPlace Place(VodLocation location, VodVariables variables, string path, VodUrl url)
    {
        var host = variables.Context.Request.Host.Value;
        var baseUrl = location.BaseUrl?.Evaluate(variables) ?? (string.IsNullOrEmpty(host) ? "" : $"{variables.Context.Request.Scheme}://{host}");
        var folder = url.Request.Kind == VodRequestKind.MssFragment ? path.LastIndexOf("/QualityLevels(", StringComparison.Ordinal) : path.LastIndexOf('/');
        return new VodPlace { BaseUrl = baseUrl, SegmentsBaseUrl = location.SegmentsBaseUrl?.Evaluate(variables) ?? baseUrl, Path = path[..folder], FileName = path[(folder + 1)..] };
    }

    static ResponseAge AgeOf(VodLocation location, MediaSetDescription set, VodRequestKind kind, bool isSegment) =>
        set.PlaylistType == PlaylistType.Vod || location.Options.Segmentation.ForcePlaylistTypeVod || isSegment ? ResponseAge.Vod
        : kind is VodRequestKind.HlsIndex or VodRequestKind.HlsIFrames or VodRequestKind.DashManifest or VodRequestKind.MssManifest or VodRequestKind.HdsBootstrap
            ? ResponseAge.LiveTimeDependent : ResponseAge.Live;

    // What an entry's rules let one viewer see is not kept for another.
    static bool IsOfEntry(MediaSetDescription set) => set.Sequences[0].Clips[0] is SourceClip { Access: SourceAccess.Entry };

    // Everything that an answer may differ by: the URL, and what expressions of the location can see of the request. Who configures a cache knows them;
    // the one that is there by default keeps nothing then.
    static string KeyOf(HttpContext context, VodLocation location, string path)
    {
        var varies = location is { BaseUrl: { IsConstant: false } } or { SegmentsBaseUrl: { IsConstant: false } } or { SecretKey: { IsConstant: false } }
            or { MediaSetOverride: { IsConstant: false } } or { MediaSetMapUri: { IsConstant: false } } or { UpstreamExtraArguments: { IsConstant: false } }
            or { EncryptionKeyUri: { IsConstant: false } } or { EncryptionIvSeed: { IsConstant: false } };
        return varies && location is { ResponseCache: null, LiveResponseCache: null } ? ""
            : string.Concat(context.Request.Scheme, "://", context.Request.Host.Value, path) + (varies ? context.Request.QueryString.Value : "");
    }

    VodAnswer? Kept(VodLocation location, string key, bool asksAgain = false)
    {
        var started = VodMetrics.Start();
        var kept = caches.Responses(location)?.Get(key, asksAgain) ?? caches.LiveResponses(location)?.Get(key, asksAgain);
        if (kept is not null || !asksAgain)
        {
            metrics.Took("fetch_cache", started);
        }

        return kept is null || !ReferenceEquals(kept.Location, location) ? null
            : new VodAnswer { Body = new MemoryBody(kept.Bytes) { ContentType = kept.ContentType }, Kind = kept.Kind, Tag = kept.Tag, Age = kept.Age };
    }

    void Keep(VodLocation location, string key, CachedResponse response) =>
        (response.Age == ResponseAge.LiveTimeDependent ? caches.LiveResponses(location) : caches.Responses(location))?.Set(key, response, response.Bytes.Length * 5L / 4);   // and what gzip makes of it
}
