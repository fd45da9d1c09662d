using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod;

/// <summary>What a file name of a packager's URL asks for: <c>basename[-number][-selection].extension</c>.</summary>
static class VodFileName
{
    public static bool TryParse(
        string name, VodPackaging packaging, PackagingOptions options, [NotNullWhen(true)] out VodRequest? request, out string reason)
    {
        reason = "";
        request = packaging switch
        {
            VodPackaging.None => new VodRequest { Kind = VodRequestKind.Progressive },
            VodPackaging.Hls => Hls(name, options.Hls),
            VodPackaging.Dash => Dash(name, options.Dash),
            VodPackaging.Mss => Mss(name, options.Mss),
            VodPackaging.Hds => Hds(name, options.Hds),
            VodPackaging.Thumb => Thumbnail(name, options.Thumbnail),
            _ => Whole(name, options.VolumeMap.FileNamePrefix, ".csv", VodRequestKind.VolumeMap),
        };
        if (request is null)
        {
            reason = "There is no such file name.";
        }

        return request is not null;
    }

    static VodRequest? Hls(string name, HlsPackagingOptions options)
    {
        if (TryExtension(name, ".m3u8", out _))
        {
            return Whole(name, options.IndexFileNamePrefix, ".m3u8", VodRequestKind.HlsIndex)
                ?? Whole(name, options.MasterFileNamePrefix, ".m3u8", VodRequestKind.HlsMaster)
                ?? Whole(name, options.IframesFileNamePrefix, ".m3u8", VodRequestKind.HlsIFrames);
        }

        return Numbered(name, options.SegmentFileNamePrefix, ".ts", VodRequestKind.HlsTsSegment)
            ?? Numbered(name, options.SegmentFileNamePrefix, ".m4s", VodRequestKind.HlsFmp4Segment)
            ?? Numbered(name, options.SegmentFileNamePrefix, ".vtt", VodRequestKind.HlsCaptionsSegment)
            ?? Whole(name, options.InitFileNamePrefix, ".mp4", VodRequestKind.HlsInit)
            ?? (options.Encryption != HlsEncryption.None ? Whole(name, options.EncryptionKeyFileName, ".key", VodRequestKind.HlsKey) : null);
    }

    static VodRequest? Dash(string name, DashPackagingOptions options) =>
        Numbered(name, options.FragmentFileNamePrefix, ".m4s", VodRequestKind.DashFragment)
        ?? Numbered(name, options.FragmentFileNamePrefix, ".webm", VodRequestKind.DashFragment)
        ?? Whole(name, options.ManifestFileNamePrefix, ".mpd", VodRequestKind.DashManifest)
        ?? Whole(name, options.InitFileNamePrefix, ".mp4", VodRequestKind.DashInit)
        ?? Whole(name, options.InitFileNamePrefix, ".webm", VodRequestKind.DashInit)
        ?? Whole(name, "sub", ".vtt", VodRequestKind.DashCaptions)
        ?? Numbered(name, options.FragmentFileNamePrefix, ".ttml", VodRequestKind.DashCaptionsFragment);

    static VodRequest? Hds(string name, HdsPackagingOptions options) =>
        HdsFragment(name, options)
        ?? Whole(name, options.ManifestFileNamePrefix, ".f4m", VodRequestKind.HdsManifest)
        ?? Whole(name, "bootstrap", ".abst", VodRequestKind.HdsBootstrap);

    // frag[-selection]-Seg1-FragN: players append the numbers to a URL of the manifest.
    static VodRequest? HdsFragment(string name, HdsPackagingOptions options)
    {
        const string Middle = "-Seg1-Frag";
        var cut = name.LastIndexOf(Middle, StringComparison.Ordinal);
        return cut > 0 && TryNumber(name.AsSpan(cut + Middle.Length), out var number) && number > 0
            && Whole(name[..cut], options.FragmentFileNamePrefix, "", VodRequestKind.HdsFragment) is { } request
            ? request with { SegmentIndex = number - 1 }
            : null;
    }

    // manifest, or QualityLevels(bit rate)/Fragments(kind=time).
    static VodRequest? Mss(string name, MssPackagingOptions options)
    {
        const string Levels = "QualityLevels(";
        if (!name.StartsWith(Levels, StringComparison.Ordinal))
        {
            return Whole(name, options.ManifestFileNamePrefix, "", VodRequestKind.MssManifest);
        }

        const string Fragments = ")/Fragments(";
        var middle = name.IndexOf(Fragments, StringComparison.Ordinal);
        var equals = name.LastIndexOf('=');
        if (middle < 0 || equals < middle || !name.EndsWith(')')
            || !TryLong(name.AsSpan(Levels.Length, middle - Levels.Length), out var bitrate)
            || !TryLong(name.AsSpan(equals + 1, name.Length - equals - 2), out var time))
        {
            return null;
        }

        MssStream? stream = name[(middle + Fragments.Length)..equals] switch
        {
            "video" => MssStream.Video,
            "audio" => MssStream.Audio,
            "text" => MssStream.Text,
            _ => null,
        };
        return stream is null ? null : new VodRequest { Kind = VodRequestKind.MssFragment, Bitrate = bitrate, SegmentTime = time, MssStream = stream.Value };
    }

    // thumb-OFFSET[-wW][-hH][-vN].jpg; an offset after a second dash counts from the end.
    static VodRequest? Thumbnail(string name, ThumbnailOptions options)
    {
        if (!TryExtension(name, ".jpg", out var stem) || !stem.StartsWith(options.FileNamePrefix + "-", StringComparison.Ordinal))
        {
            return null;
        }

        var rest = stem.AsSpan(options.FileNamePrefix.Length + 1);
        var fromEnd = rest is ['-', ..];
        rest = fromEnd ? rest[1..] : rest;
        var end = rest.IndexOf('-') is >= 0 and var dash ? dash : rest.Length;
        if (!TryLong(rest[..end], out var offset))
        {
            return null;
        }

        var (width, height) = (0, 0);
        var selection = rest[end..];
        for (; selection.Length > 1 && selection[1] is 'w' or 'h'; selection = selection[end..])
        {
            end = selection[1..].IndexOf('-') is >= 0 and var next ? next + 1 : selection.Length;
            if (!TryNumber(selection[2..end], out var size) || size == 0)
            {
                return null;
            }

            (width, height) = selection[1] == 'w' ? (size, height) : (width, size);
        }

        var request = new VodRequest { Kind = VodRequestKind.Thumbnail, Thumbnail = new(fromEnd ? -offset : offset, width, height) };
        return VodSelection.TryRead(selection, ref request) ? request : null;
    }

    static VodRequest? Whole(string name, string prefix, string extension, VodRequestKind kind)
    {
        if (!TryExtension(name, extension, out var stem) || !stem.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var request = new VodRequest { Kind = kind };
        return VodSelection.TryRead(stem.AsSpan(prefix.Length), ref request) ? request : null;
    }

    static VodRequest? Numbered(string name, string prefix, string extension, VodRequestKind kind)
    {
        if (!TryExtension(name, extension, out var stem) || !stem.StartsWith(prefix + "-", StringComparison.Ordinal))
        {
            return null;
        }

        var rest = stem.AsSpan(prefix.Length + 1);
        var end = rest.IndexOf('-') is >= 0 and var dash ? dash : rest.Length;
        if (!TryNumber(rest[..end], out var number) || number == 0)
        {
            return null;
        }

        var request = new VodRequest { Kind = kind, SegmentIndex = number - 1 };
        return VodSelection.TryRead(rest[end..], ref request) ? request : null;
    }

    static bool TryExtension(string name, string extension, out string stem)
    {
        var ends = name.EndsWith(extension, StringComparison.Ordinal);
        stem = ends ? name[..^extension.Length] : name;
        return ends;
    }

    static bool TryNumber(ReadOnlySpan<char> text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    static bool TryLong(ReadOnlySpan<char> text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
