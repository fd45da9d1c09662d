extern alias Server;

using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tributary.Gateway;
using Tributary.Gateway.Live;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Ingest.Publishing;
using Tributary.Ingest.Rtmp;
using Tributary.Media.Timeline;
using Server::Tributary.Silo;

namespace Tributary.Unit;

/// <summary>
/// deploy/docs/options.md is what the options classes say: their names, defaults and doc comments. Run with TRIBUTARY_WRITE_DOCS=1 to write it anew.
/// </summary>
public sealed partial class OptionsReference
{
    static readonly (string Section, Type Type)[] Sections =
    [
        ("", typeof(ServerOptions)),
        ("Publish", typeof(PublishOptions)),
        ("Access", typeof(Tributary.Grains.Access.AccessOptions)),
        ("Ingest:Rtmp", typeof(RtmpOptions)),
        ("Pull", typeof(Tributary.Ingest.Pull.PullOptions)),
        ("Ingest:Timeline", typeof(TimelineOptions)),
        ("Live", typeof(LiveStreamOptions)),
        ("Frames", typeof(FrameChannelOptions)),
        ("Frames:Link", typeof(Tributary.Grains.Frames.Links.FrameLinkOptions)),
        ("Gateway", typeof(EdgeOptions)),
        ("Gateway:Hls", typeof(HlsOptions)),
        ("Gateway:Streaming", typeof(Tributary.Gateway.Streaming.StreamingOptions)),
        ("Gateway:Rtmp", typeof(Tributary.Gateway.Rtmp.RtmpPlayOptions)),
        ("Gateway:Thumbnails", typeof(Tributary.Gateway.ApiV3.ThumbnailOptions)),
        ("Vod", typeof(Tributary.Gateway.Vod.VodOptions)),
        ("Gateway:Recorded", typeof(Tributary.Gateway.Recorded.RecordedOptions)),
        ("Recording", typeof(Tributary.Grains.Recordings.RecordingOptions)),
        ("Dvr", typeof(Tributary.Grains.Recordings.DvrOptions)),
        ("Api", typeof(Tributary.Gateway.Api.ApiOptions)),
        ("Platform", typeof(Tributary.Grains.Platform.PlatformOptions)),
        ("Platform:Partners:NUMBER", typeof(Tributary.Grains.Platform.PartnerOptions)),
        ("KLive", typeof(Tributary.Grains.KLive.KLiveOptions)),
    ];

    const string Preamble = """
        # Options

        Each option can be given in `appsettings.json` (sections are objects), in the environment (`Ingest__Rtmp__Port=1936`) or on the command line
        (`--Ingest:Rtmp:Port 1936`); the later wins over the earlier. Mistakes are told at the start, in one line each. Times are written
        `hours:minutes:seconds`. `deploy/up --config FILE` takes a file in the form of those in [configs](../configs/README.md).

        This page is written from the doc comments of the options classes; a test compares them.

        """;

    [Fact]
    public void The_page_says_what_the_classes_say()
    {
        var path = Path.Combine(Root(), "deploy/docs/options.md");
        var expected = Render();
        if (Environment.GetEnvironmentVariable("TRIBUTARY_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, expected);
        }

        Assert.True(expected == File.ReadAllText(path), "deploy/docs/options.md is out of date: run this test with TRIBUTARY_WRITE_DOCS=1");
    }

    [Fact]
    public void Every_options_class_is_in_the_table()
    {
        var assemblies = Sections.Select(section => section.Type.Assembly).Distinct();
        var listed = Sections.SelectMany(section => Reach(section.Type)).ToHashSet();
        Assert.All(
            assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && !IsRecord(type)),
            type => Assert.True(listed.Contains(type) || type == typeof(Tributary.Media.Packaging.Live.LiveWindowOptions), $"{type.Name} is in no section of the table"));
    }

    public static TheoryData<string> Configurations =>
        [.. Directory.EnumerateFiles(Path.Combine(Root(), "deploy/configs"), "*.json").Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Configurations))]
    public void A_sample_configuration_names_only_options_that_exist(string file)
    {
        var known = Sections.SelectMany(section => Options(section.Section, section.Type)).Select(option => option.Name).ToList();
        using var configuration = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(Root(), "deploy/configs", file)), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        Assert.All(Keys("", configuration.RootElement), key =>
            Assert.True(IsOfLocations(key) || known.Exists(name => key == name || key.StartsWith(name + ":", StringComparison.Ordinal)), $"{file}: {key} is no option"));
        Assert.Contains(file, File.ReadAllText(Path.Combine(Root(), "deploy/configs/README.md")), StringComparison.Ordinal);
    }

    // What a location has is nginx-vod-module's: LocationsReader knows it, and vod.md describes it.
    static bool IsOfLocations(string key) =>
        key.StartsWith("Vod:Locations", StringComparison.Ordinal) || key.StartsWith("Vod:Upstreams", StringComparison.Ordinal);

    static string Render()
    {
        var page = new StringBuilder(Preamble);
        foreach (var (section, type) in Sections)
        {
            var options = Options(section, type).ToList();
            page.Append(CultureInfo.InvariantCulture, $"\n## {(section.Length == 0 ? "The process" : section)}\n\n{Plain(Summary(type))}\n\n");
            page.Append("| option | default | meaning |\n|---|---|---|\n");
            options.ForEach(option => page.Append(CultureInfo.InvariantCulture, $"| `{option.Name}` | {option.Default} | {option.Meaning} |\n"));
        }

        return page.ToString();
    }

    static IEnumerable<(string Name, string Default, string Meaning)> Options(string section, Type type, object? instance = null)
    {
        instance ??= Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties().Where(property => property.CanWrite))
        {
            var name = section.Length == 0 ? property.Name : $"{section}:{property.Name}";
            if (ElementOf(property.PropertyType) is { } element)
            {
                yield return (name, "", Plain(Summary(property)) + " A list; each has:");
                foreach (var inner in Options($"{name}:N", element))
                {
                    yield return inner;
                }
            }
            else if (IsOptions(property.PropertyType))
            {
                foreach (var inner in Options(name, property.PropertyType, property.GetValue(instance)))
                {
                    yield return inner;
                }
            }
            else
            {
                yield return (name, Default(property.GetValue(instance)), Plain(Summary(property)));
            }
        }
    }

    static IEnumerable<Type> Reach(Type type) =>
        type.GetProperties().Where(property => IsOptions(property.PropertyType)).SelectMany(property => Reach(property.PropertyType)).Prepend(type);

    static bool IsOptions(Type type) => type.IsClass && !type.IsArray && type != typeof(string) && type.Namespace!.StartsWith("Tributary", StringComparison.Ordinal);

    // Of a list of options.
    static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>) && IsOptions(type.GenericTypeArguments[0]) ? type.GenericTypeArguments[0] : null;

    static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null;

    static string Default(object? value) => value switch
    {
        null or "" => "",
        string text => $"`{text}`",
        TimeSpan span => $"`{span:c}`",
        IDictionary => "",
        IEnumerable list => string.Join(", ", list.Cast<object>().Select(item => $"`{item}`")),
        _ => string.Create(CultureInfo.InvariantCulture, $"`{value}`"),
    };

    static XElement Summary(MemberInfo member)
    {
        var type = member as Type ?? member.DeclaringType!;
        var id = member is Type ? $"T:{type.FullName}" : $"P:{type.FullName}.{member.Name}";
        var documentation = XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml"));
        return documentation.Descendants("member").FirstOrDefault(element => element.Attribute("name")!.Value == id)?.Element("summary")
            ?? throw new InvalidDataException($"{id} has no doc comment");
    }

    static string Plain(XElement summary)
    {
        foreach (var reference in summary.Descendants().Where(element => element.Attribute("cref") is not null).ToList())
        {
            reference.ReplaceWith("`" + reference.Attribute("cref")!.Value.Split('.')[^1] + "`");
        }

        foreach (var code in summary.Descendants("c").ToList())
        {
            code.ReplaceWith("`" + code.Value + "`");
        }

        return WhiteSpace().Replace(summary.Value, " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
    }

    static IEnumerable<string> Keys(string prefix, JsonElement element) => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject().SelectMany(property => Keys(prefix.Length == 0 ? property.Name : $"{prefix}:{property.Name}", property.Value))
        : element.ValueKind == JsonValueKind.Array && element.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.Object)
            ? element.EnumerateArray().SelectMany(item => Keys($"{prefix}:N", item))
            : [prefix];

    static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../.."));

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
