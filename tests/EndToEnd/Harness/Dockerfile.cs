using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tributary.EndToEnd.Harness;

/// <summary>What deploy/docker/Dockerfile says, and which files its build would see.</summary>
sealed partial class Dockerfile
{
    readonly (string Verb, string Text)[] _instructions =
    [
        .. Instruction().Matches(Continuation().Replace(Read("deploy/docker/Dockerfile"), " ")).Select(one => (one.Groups[1].Value, one.Groups[2].Value.Trim())),
    ];

    /// <summary>The arguments of every instruction of a kind, in order.</summary>
    public IEnumerable<string> All(string verb) => _instructions.Where(one => one.Verb == verb).Select(one => one.Text);

    /// <summary>An instruction in exec form; of a health check, its command.</summary>
    public string[] Exec(string verb) => JsonSerializer.Deserialize<string[]>(All(verb).Last() is var rest ? rest[rest.IndexOf('[', StringComparison.Ordinal)..] : "")!;

    public IEnumerable<(string Name, string Value)> Environment =>
        All("ENV").SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(pair => pair.Split('=', 2)).Select(pair => (pair[0], pair[1]));

    /// <summary>Whether .dockerignore lets a file of the repository into the build: the last line that matches decides.</summary>
    public static bool Admits(string path) => Read(".dockerignore").Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#' && Matches(line.TrimStart('!'), path)).Select(line => line[0] == '!').LastOrDefault(true);

    static bool Matches(string pattern, string path) => pattern switch
    {
        "*" => true,
        ['*', '*', '/', .. var name] => path.Split('/').Contains(name),
        _ => path == pattern || path.StartsWith(pattern + "/", StringComparison.Ordinal),
    };

    static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continuation();

    [GeneratedRegex(@"^([A-Z]+) (.*)$", RegexOptions.Multiline)]
    private static partial Regex Instruction();
}
