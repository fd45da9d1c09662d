using System.Globalization;
using Microsoft.Extensions.Options;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>A source that was opened: its bytes, and a name that changes with its content.</summary>
readonly record struct OpenedSource(MediaFailure Failure, string Reason, string Key, IByteSource? Source);

/// <summary>The bytes of media, and what is known of them: local files and resources of upstreams, their metadata from the cache or read once.</summary>
sealed class VodSources(OpenFiles files, VodEntries entries, UpstreamClient upstreams, VodCaches caches, IOptions<VodOptions> options, TimeProvider time, VodMetrics metrics)
{
    readonly VodCache<RemoteFile> _remote = new("remote_files", 4 << 20, options.Value.RemoteValid, time);

    sealed record RemoteFile(MediaFailure Failure, string Reason, long Length, string Identity, DateTimeOffset? LastModified);

    internal IEnumerable<CacheCounts> Counts => [files.Counts, _remote.Counts, entries.Counts];

    /// <summary>Opens a source by the path that the location or a mapping gives it.</summary>
    internal ValueTask<OpenedSource> OpenAsync(VodLocation location, string path, SourceAccess access, CancellationToken cancellation)
    {
        if (access == SourceAccess.Entry)
        {
            return entries.OpenAsync(path, cancellation);
        }

        var remote = location.Mode == VodMode.Remote ? location.RemoteUpstream ?? location.Upstream : location.RemoteUpstream;
        return access != SourceAccess.File && remote is not null ? OpenRemoteAsync(location, remote, path, cancellation)
            : access == SourceAccess.Http ? new(new OpenedSource(MediaFailure.BadMapping, "a source is to be read by HTTP, and the location has no remote_upstream_location", "", null))
            : new(OpenLocal(location, path));
    }

    OpenedSource OpenLocal(VodLocation location, string path)
    {
        var started = VodMetrics.Start();
        var local = location.Mode is VodMode.Local or VodMode.Entries;
        if (path.Contains('\0') || location.Root is null && (local || !path.StartsWith('/')))
        {
            return new(MediaFailure.NotFound, "there is no root, or a mapping names no file", "", null);
        }

        // A mapping names files by absolute paths, or relative to the root of the mapping files.
        var full = local ? location.Root + path : Path.IsPathFullyQualified(path) ? path : Path.Combine(location.Root!, path);
        var (failure, reason, source) = files.Open(full, local ? [location.Root!] : options.Value.MappedFolders);
        metrics.Took("open_file", started);
        return source is null
            ? new(failure, reason, "", null)
            : new(MediaFailure.None, "", string.Create(CultureInfo.InvariantCulture, $"{full}|{source.Length}|{source.LastModified?.UtcTicks}"), source);
    }

    async ValueTask<OpenedSource> OpenRemoteAsync(VodLocation location, VodUpstream upstream, string path, CancellationToken cancellation)
    {
        // A mapping may name the upstream itself: /media/a.mp4 below /media.
        var below = location.Mode != VodMode.Remote && path.StartsWith(upstream.Name + "/", StringComparison.Ordinal) ? path[upstream.Name.Length..] : path;
        if (UpstreamClient.Address(upstream, below, location.UpstreamExtraArguments is { IsConstant: true } extra ? extra.Source : "") is not { } uri)
        {
            return new(MediaFailure.BadRequest, "the path leads out of the upstream", "", null);
        }

        var file = await _remote.GetOrLoad(uri.AbsoluteUri, async () =>
        {
            var answer = await upstreams.ReadAsync(uri, 0, new byte[1], CancellationToken.None);
            return new RemoteFile(answer.Failure, answer.Reason, answer.Total, answer.Identity, answer.LastModified);
        }, answer => answer.Failure == MediaFailure.None ? 512 : 0, cancellation);
        if (file.Failure != MediaFailure.None)
        {
            return new(file.Failure, file.Reason, "", null);
        }

        var key = string.Create(CultureInfo.InvariantCulture, $"{uri.AbsoluteUri}|{file.Length}|{file.Identity}");
        return new(MediaFailure.None, "", key, new HttpSource(upstreams, uri, file.Length, file.Identity, file.LastModified, location.Options.Reading.CacheBufferSize));
    }

    /// <summary>Tracks or captions of a source, read once and kept.</summary>
    internal ValueTask<MediaReadResult> ReadAsync(VodLocation location, string key, IByteSource source, CancellationToken cancellation)
    {
        var cache = caches.Metadata(location);
        var full = string.Concat(key, "|", MediaFormats.KeyOf(location.Options.Reading));
        return cache.GetOrLoad(full, async () =>
        {
            var started = VodMetrics.Start();
            try
            {
                return await MediaFormats.ReadAsync(source, location.Options.Reading, CancellationToken.None);
            }
            catch (IOException exception)
            {
                return new(MediaFailure.BadUpstream, exception.Message, null, null);
            }
            finally
            {
                metrics.Took("parse_media", started);
            }
        }, result => result.Failure is MediaFailure.None or MediaFailure.BadData ? result.Bytes : 0, cancellation);
    }
}
