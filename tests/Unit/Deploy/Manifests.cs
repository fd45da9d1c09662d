using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace Tributary.Unit.Deploy;

/// <summary>The files of deploy/ that others read: YAML as JSON, and the options that they may name.</summary>
static partial class Manifests
{
    public static string Root { get; } = Folder();

    public static string Text(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Every document of a YAML file, merge keys resolved.</summary>
    public static IEnumerable<JsonNode> Read(string path)
    {
        var parser = new MergingParser(new Parser(new StringReader(Text(path))));
        var reader = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        var writer = new SerializerBuilder().JsonCompatible().Build();
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _))
        {
            yield return JsonNode.Parse(writer.Serialize(reader.Deserialize(parser)!))!;
        }
    }

    /// <summary>The defaults of all options by name, from the reference that a test compares with the classes.</summary>
    public static IReadOnlyDictionary<string, string> Options { get; } =
        Row().Matches(Text("deploy/docs/options.md")).ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value.Trim('`'));

    /// <summary>An environment variable is an option (or an entry of one), of logging, or where the player page's scripts are.</summary>
    public static void IsOption(string variable, string where)
    {
        var name = variable.Replace("__", ":", StringComparison.Ordinal);
        Assert.True(
            name.StartsWith("Logging:", StringComparison.Ordinal) || name == "Web:Folder"
            || Options.Keys.Any(option => name == option || name.StartsWith(option + ":", StringComparison.Ordinal)),
            $"{where}: {variable} is no option");
    }

    static string Folder([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../.."));

    [GeneratedRegex(@"^\| `([\w:]+)` \| (.*?) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
