using System.Reflection;

namespace Tributary.Fuzz;

/// <summary>
/// Marks a class with a <c>static void Run(ReadOnlySpan&lt;byte&gt;)</c> as a fuzz target. Run throws for what must never happen, and
/// checks the meaning of what the parser accepted. A target is one file in Targets/, and a folder of the same name in corpus/ with at least
/// one input.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
sealed class FuzzTargetAttribute(string name) : Attribute
{
    public string Name => name;
}

delegate void FuzzRun(ReadOnlySpan<byte> input);

static class FuzzTargets
{
    public static IReadOnlyDictionary<string, FuzzRun> All { get; } = typeof(FuzzTargets).Assembly.GetTypes()
        .Select(static type => (Attribute: type.GetCustomAttribute<FuzzTargetAttribute>(), Type: type))
        .Where(static found => found.Attribute is not null)
        .ToDictionary(
            static found => found.Attribute!.Name,
            static found => found.Type.GetMethod("Run", [typeof(ReadOnlySpan<byte>)])!.CreateDelegate<FuzzRun>(),
            StringComparer.Ordinal);

    /// <summary>The inputs of a target, in the order of their names.</summary>
    public static IReadOnlyList<byte[]> Corpus(string target)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "corpus", target);
        return Directory.Exists(folder)
            ? [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)]
            : [];
    }
}
