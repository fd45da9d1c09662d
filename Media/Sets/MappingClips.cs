using System.Text.Json;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sources;

namespace Tributary.Media.Sets;

/// <summary>Reads a mapping's clips: sources, what is made of other clips, and placeholders.</summary>
static class MappingClips
{
    const int MaxDepth = 8;

    public static ClipDescription Read(JsonElement element, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new MappingException("Clips are nested too deeply.");
        }

        // A clip without a known type is the one mistake that counts as a bad request.
        ClipDescription clip = element.Text("type") switch
        {
            "source" => Source(element),
            "concat" => Concat(element),
            "dynamic" => new DynamicClip(element.RequiredText("id")),
            "silence" => new SilenceClip(),
            "rateFilter" => Rate(element, depth),
            "gainFilter" => Gain(element, depth),
            "mixFilter" => Mix(element, depth),
            _ => throw new MappingException("A clip's type is missing or unknown.", MediaFailure.BadRequest),
        };
        return depth > 0
            ? clip
            : clip with { KeyFrameDurations = element.Numbers("keyFrameDurations", 1, MaxKeyFrames), FirstKeyFrameOffset = element.Number("firstKeyFrameOffset", -MaxOffset) ?? 0 };
    }

    const int MaxKeyFrames = 1 << 20;
    const long MaxOffset = 1L << 40;

    public static List<NotificationDescription> Notifications(JsonElement element)
    {
        var notifications = new List<NotificationDescription>();
        foreach (var item in element.Objects("notifications", 1_024) ?? default)
        {
            var notification = new NotificationDescription(item.RequiredText("id"), item.Number("offset") ?? throw new MappingException("offset is missing."));
            if (notifications.Count > 0 && notification.Offset < notifications[^1].Offset)
            {
                throw new MappingException("notifications must be ordered by offset.");
            }

            notifications.Add(notification);
        }

        return notifications;
    }

    static SourceClip Source(JsonElement element) => new()
    {
        Id = element.Text("id") ?? "",
        Path = element.RequiredText("path"),
        Access = element.Text("sourceType") switch
        {
            null => SourceAccess.Default,
            "file" => SourceAccess.File,
            "http" => SourceAccess.Http,
            _ => throw new MappingException("sourceType must be file or http."),
        },
        Tracks = Tracks(element),
        ClipFrom = element.Number("clipFrom") ?? 0,
        EncryptionKey = Bytes(element, "encryptionKey", 16, 24, 32),
        EncryptionIv = Bytes(element, "encryptionIv", 16),
        EncryptionScheme = element.Text("encryptionScheme") switch
        {
            null => "",
            "cenc" or "aes-cbc" => element.Text("encryptionScheme")!,
            _ => throw new MappingException("encryptionScheme must be cenc or aes-cbc."),
        },
    };

    static TrackSelection? Tracks(JsonElement element) =>
        element.Text("tracks") is not { } text ? null
        : VodPathParameters.TryTracks(text, out var tracks) ? tracks
        : throw new MappingException("tracks must be such as v1-a1.");

    static ReadOnlyMemory<byte> Bytes(JsonElement element, string name, params ReadOnlySpan<int> lengths)
    {
        if (element.Text(name) is not { } text)
        {
            return default;
        }

        var bytes = new byte[48];
        return Convert.TryFromBase64String(text, bytes, out var length) && lengths.Contains(length)
            ? bytes.AsMemory(0, length)
            : throw new MappingException($"{name} is not base64 of the right length.");
    }

    static ConcatClip Concat(JsonElement element)
    {
        var durations = element.Numbers("durations", 1, MappingJson.MaxClips) ?? throw new MappingException("durations of a concat is missing.");
        var paths = element.Texts("paths", MappingJson.MaxClips) ?? [];
        var ids = element.Texts("clipIds", MappingJson.MaxClips) ?? [];
        if (durations.Length == 0 || durations.Length != (paths.Length > 0 ? paths : ids).Length)
        {
            throw new MappingException("A concat needs as many paths or clipIds as durations.");
        }

        return new ConcatClip
        {
            Durations = durations,
            Paths = paths,
            ClipIds = ids,
            BasePath = element.Text("basePath") ?? "",
            Tracks = Tracks(element),
            Offset = element.Number("offset", -MaxOffset) ?? 0,
            Notifications = Notifications(element),
        };
    }

    static RateFilterClip Rate(JsonElement element, int depth) =>
        element.RequiredDecimal("rate") is >= 0.5m and <= 2 and var rate
            ? new(rate, Inner(element, depth))
            : throw new MappingException("rate must be from 0.5 to 2.");

    static GainFilterClip Gain(JsonElement element, int depth) =>
        element.RequiredDecimal("gain") is > 0 and <= 1_000 and var gain
            ? new(gain, Inner(element, depth))
            : throw new MappingException("gain must be positive.");

    static ClipDescription Inner(JsonElement element, int depth) =>
        Read(element.Object("source") ?? throw new MappingException("A filter's source is missing."), depth + 1);

    static MixFilterClip Mix(JsonElement element, int depth)
    {
        var sources = new List<ClipDescription>();
        foreach (var source in element.Objects("sources", MappingJson.MaxSequences) ?? throw new MappingException("A mix has no sources."))
        {
            sources.Add(Read(source, depth + 1));
        }

        return new(sources.Count > 0 ? sources : throw new MappingException("A mix has no sources."));
    }
}
