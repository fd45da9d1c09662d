using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Tributary.Unit.Deploy;

/// <summary>deploy/systemd, as far as it can be judged where systemd does not run.</summary>
public sealed partial class SystemdUnits
{
    static readonly string Units = Path.Combine(Manifests.Root, "deploy/systemd");

    public static TheoryData<string> Names => [.. Directory.EnumerateFiles(Units, "*.service").Select(file => Path.GetFileName(file))];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Systemd_understands_every_line_and_grades_the_exposure(string unit)
    {
        Skip.IfNot(File.Exists("/usr/bin/systemd-analyze"), "systemd-analyze is not installed (package systemd)");
        var folder = Directory.CreateTempSubdirectory("tributary-units-").FullName;
        try
        {
            // The program is on no build machine; another one stands in its place.
            Copy(Units, folder);
            var service = Path.Combine(folder, "tributary-.service.d/10-service.conf");
            File.WriteAllText(service, File.ReadAllText(service).Replace("/opt/tributary/tributary\n", "/bin/true\n", StringComparison.Ordinal));

            Assert.Equal((0, ""), Analyze(folder, "verify", Path.Combine(folder, unit)));
            var (code, report) = Analyze(folder, "security", "--offline=true", "--threshold=20", unit);   // in tenths: 2.0 is "OK", 0 is best
            Assert.True(code == 0, report);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Units_and_examples_name_only_options_that_exist()
    {
        foreach (var file in Directory.EnumerateFiles(Units, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".md", StringComparison.Ordinal)))
        {
            var expression = file.EndsWith(".env", StringComparison.Ordinal) ? Variable() : UnitVariable();
            Assert.All(expression.Matches(File.ReadAllText(file)), match => Manifests.IsOption(match.Groups[1].Value, Path.GetFileName(file)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_unit_has_a_port_of_its_own_but_the_node_that_is_alone(string unit)
    {
        var ports = Directory.EnumerateFiles(Units, "*.service").Select(File.ReadAllText).Select(text => Port().Match(text).Groups[1].Value).Where(port => port != "");
        Assert.Equal(["8080", "8081", "8082"], ports.Order());
        Assert.Contains(unit, Manifests.Text("deploy/systemd/README.md"), StringComparison.Ordinal);
    }

    static (int Code, string Output) Analyze(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/systemd-analyze", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment["SYSTEMD_UNIT_PATH"] = folder + ":/lib/systemd/system";
        start.Environment["SYSTEMD_COLORS"] = "0";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    [GeneratedRegex(@"^Environment=(\w+)=", RegexOptions.Multiline)]
    private static partial Regex UnitVariable();

    [GeneratedRegex(@"^(\w+)=", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex(@"^Environment=Http__Port=(\d+)", RegexOptions.Multiline)]
    private static partial Regex Port();
}
