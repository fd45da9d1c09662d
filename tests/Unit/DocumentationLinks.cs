using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Tributary.Unit;

/// <summary>A link in the documentation leads somewhere: a file that is there, and a heading in it.</summary>
public sealed partial class DocumentationLinks
{
    public static TheoryData<string> Pages => [.. Directory.EnumerateFiles(Path.Combine(Root(), "deploy"), "*.md", SearchOption.AllDirectories)
        .Where(file => !file.Contains("node_modules", StringComparison.Ordinal)).Append(Path.Combine(Root(), "README.md"))
        .Select(file => Path.GetRelativePath(Root(), file))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_lead_somewhere(string page)
    {
        var path = Path.Combine(Root(), page);
        foreach (Match link in Link().Matches(File.ReadAllText(path)))
        {
            var target = link.Groups[1].Value;
            if (target.StartsWith("http", StringComparison.Ordinal))
            {
                continue;   // other people's pages are not ours to test
            }

            var parts = target.Split('#');
            var file = parts[0].Length == 0 ? path : Path.Combine(Path.GetDirectoryName(path)!, parts[0]);
            Assert.True(Path.Exists(file), $"{page}: {target} does not exist");
            Assert.True(parts.Length == 1 || Anchors(file).Contains(parts[1]), $"{page}: {target} has no such heading");
        }
    }

    /// <summary>A path in `code` that looks like one of ours exists.</summary>
    [Theory]
    [MemberData(nameof(Pages))]
    public void Named_folders_are_there(string page)
    {
        foreach (Match name in OurPath().Matches(File.ReadAllText(Path.Combine(Root(), page))))
        {
            Assert.True(Path.Exists(Path.Combine(Root(), name.Groups[1].Value)), $"{page} names {name.Groups[1].Value}, which is not there");
        }
    }

    static IEnumerable<string> Anchors(string file) => Heading().Matches(File.ReadAllText(file))
        .Select(heading => NotInAnchors().Replace(heading.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../.."));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`((?:Media|Protocols|Engine|Grains|Grains\.Interfaces|Ingest|Gateway|Silo|tests|deploy)/[A-Za-z0-9_./-]*)`")]
    private static partial Regex OurPath();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchors();
}
