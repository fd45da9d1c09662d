using System.Reflection;

namespace Tributary.EndToEnd.Harness;

/// <summary>Where things are: the clone under test, the server that was built from it, and a folder for what this run writes.</summary>
static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Metadata("Repository"));

    /// <summary>The server that was built with the tests, or the one as it is shipped that <c>TRIBUTARY_SERVER</c> names.</summary>
    public static string ServerAssembly { get; } =
        Path.GetFullPath(Environment.GetEnvironmentVariable("TRIBUTARY_SERVER") is { Length: > 0 } shipped ? shipped : Metadata("Server"));

    /// <summary>Ends with the test process; <see cref="Reaper"/> sees to it.</summary>
    public static string Scratch { get; } = Directory.CreateTempSubdirectory("tributary-e2e-").FullName;

    public static string Folder(string name) => Directory.CreateDirectory(Path.Combine(Scratch, name)).FullName;

    static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == key).Value!;
}
