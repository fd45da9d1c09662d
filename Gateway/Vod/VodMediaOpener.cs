using Tributary.Media.Captions;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>Opens what one request plays: files below the location's root or that a mapping names, or resources of its upstream. Remembers what it opened, for the answer's tag.</summary>
sealed class VodMediaOpener(VodLocation location, VodSources sources) : IMediaOpener
{
    static readonly OpenedMedia NoCaptions = new(MediaFailure.None, "", null, new CaptionsFile([], "", 0), null);

    /// <summary>What was opened: names, lengths and times of change. Equal where the same bytes were.</summary>
    public ContentTag Identity { get; } = new();

    public async ValueTask<OpenedMedia> OpenAsync(SourceClip clip, CancellationToken cancellation)
    {
        if (clip.Path == SourceClip.Empty)
        {
            return NoCaptions;
        }

        var opened = await sources.OpenAsync(location, clip.Path, clip.Access, cancellation);
        if (opened.Source is not { } source)
        {
            return new(opened.Failure, opened.Reason, null, null, null);
        }

        Identity.Add(opened.Key);
        try
        {
            var read = EncryptedCaptions.Are(clip)
                ? await sources.ReadAsync(location, $"{opened.Key}|{EncryptedCaptions.KeyOf(clip)}", new EncryptedCaptions(source, clip), cancellation)
                : await sources.ReadAsync(location, opened.Key, source, cancellation);
            if (read.Failure == MediaFailure.None && read.File is not null && EncryptedCaptions.Are(clip))
            {
                read = new(MediaFailure.BadData, "aes-cbc is for captions", null, null);
            }

            if (read.Failure == MediaFailure.None)
            {
                return new(MediaFailure.None, "", read.File, read.Captions, source);
            }

            await source.DisposeAsync();
            return new(read.Failure, $"{clip.Path}: {read.Reason}", null, null, null);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a source's bytes, whatever they are.</summary>
    public async ValueTask<(MediaFailure Failure, string Reason, IByteSource? Source)> OpenBytesAsync(SourceClip clip, CancellationToken cancellation)
    {
        var opened = await sources.OpenAsync(location, clip.Path, clip.Access, cancellation);
        Identity.Add(opened.Key);
        return (opened.Failure, opened.Reason, opened.Source);
    }
}
