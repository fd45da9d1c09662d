using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Tributary.Unit;

/// <summary>Who may reference whom. What is not written here is not allowed, so a new project starts with a line in this table.</summary>
public sealed class ReferenceRules
{
    static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Media"] = [],
        ["Engine"] = [],
        ["Protocols"] = ["Media"],
        ["WebRtc"] = ["Protocols", "Media"],
        ["Grains.Interfaces"] = ["Media"],
        ["Grains"] = ["Grains.Interfaces", "Media"],
        ["Ingest"] = ["Grains.Interfaces", "Grains", "Protocols", "WebRtc", "Media"],
        ["Gateway"] = ["Grains.Interfaces", "Grains", "Protocols", "WebRtc", "Media"],
        ["Silo"] = ["Grains.Interfaces", "Grains", "Ingest", "Gateway", "Protocols", "WebRtc", "Media"],
    };

    /// <summary>These know grains, and get the engine through &lt;UsesGrains&gt;; the others never see a grain type.</summary>
    static readonly string[] KnowGrains = ["Grains.Interfaces", "Grains", "Ingest", "Gateway", "Silo"];

    public static TheoryData<string> Projects => [.. ProjectFiles().Select(file => Path.GetFileNameWithoutExtension(file))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_it_may(string project)
    {
        Assert.True(Allowed.ContainsKey(project), $"{project} has no line in the table of references");
        var references = Elements(project, "ProjectReference").Select(element => Path.GetFileNameWithoutExtension(Include(element).Replace('\\', '/')));
        Assert.All(references, reference => Assert.True(Allowed[project].Contains(reference), $"{project} must not reference {reference}"));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Only_projects_that_know_grains_use_the_engine(string project)
    {
        var uses = Elements(project, "UsesGrains").Any(element => element.Value == "true");
        Assert.True(!uses || KnowGrains.Contains(project), $"{project} must not use grains");
        Assert.DoesNotContain(Elements(project, "PackageReference"), element => Include(element).StartsWith("Microsoft.Orleans", StringComparison.Ordinal));
        Assert.DoesNotContain(Elements(project, "ProjectReference"), element => Include(element).Contains("Engine", StringComparison.Ordinal));
    }

    [Fact]
    public void Versions_are_in_one_place() => Assert.All(
        Directory.EnumerateFiles(Root(), "*.csproj", SearchOption.AllDirectories).Where(IsOurs),
        file => Assert.DoesNotContain(
            XDocument.Load(file).Descendants("PackageReference"), element => element.Attribute("Version") is not null || element.Attribute("VersionOverride") is not null));

    static IEnumerable<string> ProjectFiles() => Directory.EnumerateDirectories(Root())
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj")).Order(StringComparer.Ordinal);

    static IEnumerable<XElement> Elements(string project, string name) => XDocument.Load(Path.Combine(Root(), project, project + ".csproj")).Descendants(name);

    static string Include(XElement element) => element.Attribute("Include")!.Value;

    static bool IsOurs(string file) => !Path.GetRelativePath(Root(), file).Split('/').Any(part => part is "obj" or "bin" or "node_modules" or "data" or "artifacts");

    static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../.."));
}
