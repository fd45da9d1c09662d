using System.IO.Enumeration;
using Tributary.Grains.LiveStreams;

namespace Tributary.Ingest.Publishing;

/// <summary>Which names are renditions of another: <c>NAME_N</c> where a pattern says that NAME has several.</summary>
static class RenditionPatterns
{
    /// <summary>The target with its rendition, where its front door left that open and its name says it.</summary>
    public static PublishTarget Place(PublishTarget target, string[] patterns) =>
        target.Rendition == 0 && TrySplit(target.StreamName, out var entry, out var rendition)
        && Array.Exists(patterns, pattern => FileSystemName.MatchesSimpleExpression(pattern, entry, ignoreCase: false))
            ? target with { StreamName = entry, Rendition = rendition }
            : target;

    /// <summary>Takes <c>_1</c> to <c>_9</c> off the end of a name.</summary>
    public static bool TrySplit(string name, out string entry, out int rendition)
    {
        var isSplit = name.Length > 2 && name[^2] == '_' && name[^1] is >= '1' and <= '9';
        (entry, rendition) = isSplit ? (name[..^2], name[^1] - '0') : (name, RenditionName.First);
        return isSplit;
    }
}
