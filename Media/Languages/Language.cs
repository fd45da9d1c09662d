using System.Collections.Frozen;

namespace Tributary.Media.Languages;

/// <summary>A language as manifests write it.</summary>
/// <param name="Code">Three letters (ISO 639-2/T).</param>
/// <param name="Short">Two letters (ISO 639-1), which RFC 5646 prefers.</param>
/// <param name="Name">The language's own name for itself.</param>
public sealed record Language(string Code, string Short, string Name)
{
    static readonly FrozenDictionary<string, Language> Known = Load();

    /// <summary>Finds a language by its two letters or either of its codes of three; null where there is none.</summary>
    public static Language? Find(string code) => Known.GetValueOrDefault(code);

    /// <summary>How RFC 5646 writes a language: two letters where there are such; the code itself where the language is not known.</summary>
    public static string Tag(string code) => Find(code)?.Short ?? code;

    static FrozenDictionary<string, Language> Load()
    {
        var known = new Dictionary<string, Language>();
        using var stream = typeof(Language).Assembly.GetManifestResourceStream("languages.txt")!;   // embedded: see Media.csproj
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#') || line.Split(' ', 4) is not [var code, var other, var two, var name])
            {
                continue;
            }

            var language = new Language(code, two, name);
            known[code] = language;
            known[two] = language;
            if (other != "-")
            {
                known[other] = language;
            }
        }

        return known.ToFrozenDictionary();
    }
}
