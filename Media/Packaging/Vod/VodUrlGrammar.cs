using System.Diagnostics.CodeAnalysis;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod;

/// <summary>
/// The grammar of packagers' URLs, below the location's prefix: path parameters, multi URLs (<c>prefix,one,two,postfix.urlset</c>), and the file name.
/// Never throws; what makes no sense is a bad request.
/// </summary>
public static class VodUrlGrammar
{
    /// <summary>Most sources that a multi URL names, as sequences of a mapping.</summary>
    public const int MaxSources = 32;

    /// <summary>Longest path that is looked at, in characters.</summary>
    public const int MaxPathLength = 8_192;

    /// <summary>Takes a path (percent-decoded, beginning with a slash) apart.</summary>
    /// <param name="path">The path below the location.</param>
    /// <param name="packaging">The location's packager, which decides what file names there are.</param>
    /// <param name="options">The location's names of files and parameters.</param>
    /// <param name="url">What the path means.</param>
    /// <param name="reason">Why it means nothing; one sentence.</param>
    public static bool TryParse(
        string path, VodPackaging packaging, PackagingOptions options, [NotNullWhen(true)] out VodUrl? url, out string reason)
    {
        (url, reason) = (null, "");
        if (path.Length is 0 or > MaxPathLength || path[0] != '/' || path.Contains('\0'))
        {
            reason = "The path is too long, or none.";
            return false;
        }

        // 1. The file name, which is of two parts in Smooth Streaming, and none where files are served as they are.
        if (!TrySplit(path, packaging, out var source, out var name) || !VodFileName.TryParse(name, packaging, options, out var request, out reason))
        {
            reason = reason.Length > 0 ? reason : "There is no such file name.";
            return false;
        }

        // 2. One URL, or several in one.
        var isMulti = source.EndsWith(options.Urls.MultiUriSuffix, StringComparison.Ordinal);
        if (!TryExpand(isMulti ? source[..^options.Urls.MultiUriSuffix.Length] : source, isMulti, out var paths, out var isList))
        {
            reason = $"More than {MaxSources} sources in one URL.";
            return false;
        }

        // 3. The parameters of each.
        if (isMulti && !isList)
        {
            paths = [source];   // nothing to choose from: the suffix is part of a name
        }

        var sources = new VodSourceUri[paths.Count];
        for (var at = 0; at < sources.Length; at++)
        {
            if (!VodPathParameters.TryRead(paths[at], options.Urls, out var read, out reason))
            {
                return false;
            }

            sources[at] = read;
        }

        url = new VodUrl(sources, isList, request with { Shift = sources[0].Shift });
        return true;
    }

    static bool TrySplit(string path, VodPackaging packaging, out string source, out string name)
    {
        (source, name) = (path, "");
        if (packaging == VodPackaging.None)
        {
            return true;
        }

        var cut = path.LastIndexOf('/');
        if (packaging == VodPackaging.Mss && path.LastIndexOf("/QualityLevels(", StringComparison.Ordinal) is >= 0 and var levels)
        {
            cut = levels;
        }

        (source, name) = (path[..cut], path[(cut + 1)..]);
        return source.Length > 0;
    }

    // prefix,one,two,postfix: the first and the last part are common to all.
    static bool TryExpand(string source, bool isMulti, out List<string> paths, out bool isList)
    {
        var parts = isMulti ? source.Split(',') : [source];
        isList = parts.Length >= 3;
        paths = isList ? new(parts.Length - 2) : [source];
        if (parts.Length - 2 > MaxSources)
        {
            return false;
        }

        for (var at = 1; at < parts.Length - 1; at++)
        {
            paths.Add(string.Concat(parts[0], parts[at], parts[^1]));
        }

        return true;
    }
}
