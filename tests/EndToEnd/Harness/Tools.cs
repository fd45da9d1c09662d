namespace Tributary.EndToEnd.Harness;

/// <summary>Programs of other people that the tests play against. A test whose program is absent is skipped and says so.</summary>
static class Tools
{
    public const string Chromium = "/usr/bin/chromium";

    public static void Require(params string[] programs)
    {
        foreach (var program in programs)
        {
            Skip.If(Find(program) is null, $"{program} is not installed (deploy/test installs it)");
        }
    }

    public static bool Has(string program) => Find(program) is not null;

    /// <summary>A Node package of tests/EndToEnd/players, as folder.</summary>
    public static string RequirePlayer(string package)
    {
        var folder = Path.Combine(Repository.Root, "tests/EndToEnd/players/node_modules", package);
        Skip.IfNot(Directory.Exists(folder), $"{package} is not installed (deploy/test installs it from npm)");
        return folder;
    }

    public static void RequireGStreamer(params string[] elements)
    {
        Require("gst-launch-1.0", "gst-inspect-1.0");
        foreach (var element in elements)
        {
            using var inspect = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo("gst-inspect-1.0", ["--exists", element]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            inspect.WaitForExit();
            Skip.If(inspect.ExitCode != 0, $"GStreamer has no {element} here (deploy/test installs it)");
        }
    }

    static string? Find(string program) =>
        Path.IsPathRooted(program)
            ? File.Exists(program) ? program : null
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin")
                .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
