using Tributary.Media.Sets;

namespace Tributary.Media.Sources;

/// <summary>Opens what a mapping names. Whoever knows where files are, and what may be read, implements it; metadata is kept there between requests.</summary>
public interface IMediaOpener
{
    /// <summary>Opens a source: its tracks (from a cache, where it was read before) and its bytes. Never throws for media that is damaged or not there.</summary>
    ValueTask<OpenedMedia> OpenAsync(SourceClip clip, CancellationToken cancellation);
}

/// <summary>What opening a source gave: the file and its bytes, or why not.</summary>
/// <param name="Failure"><see cref="MediaFailure.None"/> where it was opened.</param>
/// <param name="Reason">One sentence for the log; empty where it was opened.</param>
/// <param name="File">The tracks; null for captions, and where it was not opened.</param>
/// <param name="Captions">Captions; null for media.</param>
/// <param name="Bytes">The source's bytes; null where it was not opened. The request that asked disposes them.</param>
public readonly record struct OpenedMedia(
    MediaFailure Failure, string Reason, MediaFile? File, Captions.CaptionsFile? Captions, IByteSource? Bytes);
