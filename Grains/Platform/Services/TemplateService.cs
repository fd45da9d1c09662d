using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Services;

/// <summary>What a media server is to make of a stream that is published to it: the transcoding template, for whoever has the entry's id.</summary>
public sealed partial class TemplateService(Objects objects, ConversionProfiles profiles, Partners partners) : IServiceModule
{
    public void Register(ServiceTable table) => table.Add("wowza_liveconversionprofile", "serve", CallAccess.Open, Serve);

    async Task<object?> Serve(Call call)
    {
        // 1. The stream's name says the entry, and which of its ingest flavors it is.
        var name = call.Text("streamName");
        if (StreamName().Match(name) is not { Success: true } match)
        {
            throw PlatformException.Of("INVALID_STREAM_NAME", name);
        }

        var (id, suffix) = (match.Groups[1].Value, match.Groups[2].Value);
        var entry = await objects.Store.Read(EntryStore.Kind, id);
        if (entry is null || !EntryView.IsLive(entry.Value) || entry.Value.Text("sourceType") is not ("32" or "42") || !Sees(call, entry.Partner))
        {
            throw PlatformException.Of("ENTRY_ID_NOT_FOUND", id);
        }

        var profile = await objects.Store.Read(ConversionProfiles.Kind, entry.Value.Text("conversionProfileId"))
            ?? throw ConversionProfiles.Missing(entry.Value.Text("conversionProfileId"));
        var flavors = await profiles.FlavorsOf(profile.Value);
        var input = flavors.FirstOrDefault(flavor => flavor.Text("streamSuffix") == suffix) ?? throw PlatformException.Of("INGEST_NOT_FOUND_IN_CONVERSION_PROFILE", name);

        // 2. What the encoder said of the stream, where the partner's streams heed it.
        var smart = (await partners.Find(entry.Partner))?.Has("FEATURE_KALTURA_LIVE_DISABLE_SMART_TRANSCODING") != true;
        var ingest = IngestFacts.Parse(smart ? call.Text("extraParams") : "");
        var origins = (await profiles.LinksOf(profile.Value.Long("id"))).ToDictionary(link => link.Long("assetParamsId"), link => link.Long("origin"));
        var template = new TranscodingTemplate(id, input, ingest).Make(flavors, flavor => origins.GetValueOrDefault(flavor.Long("id")) == 1);
        return new ServedFile("text/xml", Encoding.UTF8.GetBytes("<?xml version=\"1.0\"?>\n" + template));
    }

    // A partner sees its own entries; media servers, and whoever has no session, every one's.
    static bool Sees(Call call, int partner) => call.Caller.IsAnonymous || call.Caller.Partner < 0 || call.Caller.Partner == partner;

    [GeneratedRegex(@"^(\d_.{8})_(\d+)$", RegexOptions.None, 100)]
    private static partial Regex StreamName();
}

/// <summary>What an encoder says of its stream; null where it does not.</summary>
public sealed record IngestFacts(double? VideoKbps, int? Width, int? Height, double? FrameRate, bool IsAac, bool Gpu)
{
    /// <summary>Reads a JSON object of texts; anything else says nothing.</summary>
    public static IngestFacts Parse(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            using var document = JsonDocument.Parse(text.Length is > 0 and <= 8_192 ? text : "{}", new JsonDocumentOptions { MaxDepth = 4 });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in document.RootElement.EnumerateObject())
                {
                    values[property.Name] = property.Value.ToString();
                }
            }
        }
        catch (JsonException)
        {
            // As if nothing had been said.
        }

        double? Number(string name) => RawValue.TryNumber(values.GetValueOrDefault(name), out var number) && number > 0 ? number : null;
        return new IngestFacts(
            Number("videodatarate"), (int?)Number("width"), (int?)Number("height"), Number("framerate"),
            values.GetValueOrDefault("audiocodecidstring", "").Contains("AAC", StringComparison.OrdinalIgnoreCase), values.GetValueOrDefault("gpu") is "true" or "True");
    }
}

/// <summary>The document: what to encode, for one ingest flavor of an entry.</summary>
public sealed class TranscodingTemplate(string entry, PlatformObject input, IngestFacts ingest)
{
    const double BitrateGap = 1.40, LeastFrameRate = 12.5;
    const long DefaultVideo = 240_000, DefaultAudio = 96_000;

    double? _frameRate = ingest.FrameRate;

    /// <param name="isIngest">Whether the profile takes a flavor from the encoder.</param>
    public string Make(IReadOnlyList<PlatformObject> flavors, Func<PlatformObject, bool> isIngest)
    {
        // 1. Which: of the source all that are not other inputs; of another input it alone.
        var properties = new XElement("Properties");
        IEnumerable<PlatformObject> chosen = [input];
        if (HasTag(input, "source"))
        {
            chosen = flavors.Where(flavor => (!isIngest(flavor) || HasTag(flavor, "source")) && !IsTooLarge(flavor, isIngest));
            AddFrameRate(properties);
        }

        // 2. How each, and what they are called together.
        var all = chosen.ToList();
        var decode = new XElement("Video", new XElement("Deinterlace", "false"), ingest.Gpu ? new XElement("Implementation", "NVCUVID") : null);
        var scale = ingest.Gpu ? new XElement("Scale", new XElement("Implementation", "CUDA"), new XElement("Parameters"), new XElement("Properties")) : null;
        return new XElement("Root", new XElement(
            "Transcode",
            new XElement("Encodes", all.Select(flavor => Encode(flavor, isIngest(flavor)))),
            new XElement("Decode", decode),
            scale,
            new XElement("StreamNameGroups", new XElement(
                "StreamNameGroup", new XElement("Name", "all"), new XElement("StreamName", "${SourceStreamName}_all"),
                new XElement("Members", all.Select(flavor => new XElement("Member", new XElement("EncodeName", NameOf(flavor))))))),
            properties)).ToString();
    }

    void AddFrameRate(XElement properties)
    {
        if (_frameRate is null && input.Number("frameRate") is >= LeastFrameRate and var rate)
        {
            _frameRate = rate;
            properties.Add(new XElement("Property", new XElement("Name", "sourceStreamFrameRate"), new XElement("Value", Text(rate)), new XElement("Type", "Double")));
        }
    }

    // An optional flavor larger than what comes in, in height or in bit rate, is not made.
    bool IsTooLarge(PlatformObject flavor, Func<PlatformObject, bool> isIngest)
    {
        if (!HasTag(flavor, "optional_flavor") || isIngest(flavor))
        {
            return false;
        }

        var height = flavor.Long("height") is > 0 and var given ? given
            : flavor.Long("width") is > 0 and var width && ingest is { Width: > 0, Height: > 0 } ? width * ingest.Height.Value / ingest.Width.Value : 0;
        return ingest.Height is { } incoming && incoming < height || ingest.VideoKbps is { } kbps && kbps * 1_000 < flavor.Long("videoBitrate") * 1_000 * BitrateGap;
    }

    XElement Encode(PlatformObject flavor, bool isIngest) => new(
        "Encode", new XElement("Enable", "true"), new XElement("Name", NameOf(flavor)), new XElement("StreamName", $"{entry}_{flavor.Text("id")}"),
        isIngest ? new XElement("Video", new XElement("Codec", HasTag(flavor, "audio_only") ? "Disable" : "PassThru")) : Video(flavor),
        Audio(flavor, isIngest));

    XElement Video(PlatformObject flavor)
    {
        var (codec, profile) = CodecOf(flavor);
        return new XElement(
            "Video", new XElement("Transcoder", "default"), ingest.Gpu ? new XElement("Implementation", "NVENC") : null, new XElement("GPUID", "-1"), FrameSize(flavor),
            new XElement("Codec", codec), profile.Length > 0 ? new XElement("Profile", profile) : null,
            new XElement("Bitrate", flavor.Long("videoBitrate") is > 0 and var kbps ? kbps * 1_000 : DefaultVideo),
            new XElement("KeyFrameInterval", new XElement("FollowSource", "true"), new XElement("Interval", "60")), SkipFrames(flavor), Parameters(flavor));
    }

    static XElement FrameSize(PlatformObject flavor)
    {
        var (width, height) = (flavor.Long("width"), flavor.Long("height"));
        return new XElement(
            "FrameSize", new XElement("FitMode", height > 0 ? "fit-height" : width > 0 ? "fit-width" : "match-source"),
            width > 0 ? new XElement("Width", width) : null, height > 0 ? new XElement("Height", height) : null);
    }

    static (string Codec, string Profile) CodecOf(PlatformObject flavor)
    {
        var sized = flavor.Long("width") > 0 || flavor.Long("height") > 0 || flavor.Number("frameRate") > 0;
        return (sized ? flavor.Text("videoCodec") : "") switch
        {
            "copy" => ("PassThru", ""),
            "flv" or "vp6" or "h263" => ("H.263", "baseline"),
            "h264" or "h264b" => ("H.264", "baseline"),
            "h264m" or "h264h" => ("H.264", "main"),
            _ => ("PassThru", "main"),
        };
    }

    XElement? SkipFrames(PlatformObject flavor)
    {
        var most = flavor.Number("maxFrameRate");
        var skip = most > 0 && _frameRate is { } rate ? (long)Math.Ceiling(rate / most - 1.05) : ExtraLong(flavor, "skipFrameCount");
        return skip > 0 ? new XElement("SkipFrameCount", new XElement("Value", skip)) : null;
    }

    static XElement? Parameters(PlatformObject flavor) => ExtraLong(flavor, "constantBitrate") <= 0 ? null : new XElement(
        "Parameters", new XElement("Parameter", new XElement("Name", "mainconcept.bit_rate_mode"), new XElement("Value", "0"), new XElement("Type", "Long")));

    // Extra parameters of a flavor: a JSON object in conversionEnginesExtraParams.
    static long ExtraLong(PlatformObject flavor, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(flavor.Text("conversionEnginesExtraParams", "{}"), new JsonDocumentOptions { MaxDepth = 4 });
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var value)
                && RawValue.TryLong(value.ToString() is "True" ? "1" : value.ToString(), out var whole) ? whole : 0;
        }
        catch (JsonException)
        {
            return 0;
        }
    }

    XElement Audio(PlatformObject flavor, bool isIngest)
    {
        var forced = (flavor.Long("audioSampleRate") > 0 || flavor.Long("audioChannels") > 0) && flavor.Text("audioCodec") is "aac" or "aache";
        var passes = ingest.IsAac && !forced;
        var bitrate = new XElement("Bitrate", flavor.Long("audioBitrate") is > 0 and var kbps ? kbps * 1_000 : DefaultAudio);
        return new XElement("Audio", new XElement("Codec", passes ? "PassThru" : "AAC"), passes && isIngest ? null : bitrate);
    }

    static string NameOf(PlatformObject flavor) => flavor.Text("systemName") is { Length: > 0 } name ? name : flavor.Text("id");

    static bool HasTag(PlatformObject flavor, string tag) => flavor.Words("tags").Contains(tag, StringComparer.Ordinal);

    static string Text(double value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
