using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>The commands of deploy/, as somebody types them.</summary>
[Collection(Alone.Name)]
public sealed partial class DeployTests
{
    static readonly string[] Scripts = ["deploy/up", "deploy/down", "deploy/cluster", "deploy/drain", "deploy/test", "deploy/bench", "deploy/demo.sh", "deploy/lib.sh", "deploy/docker/secrets.sh", ".ci/run"];

    /// <summary>In a clone of its own, so that nothing is there but what is committed.</summary>
    [SkippableFact]
    public async Task Up_serves_the_demo_and_down_ends_it()
    {
        Tools.Require("git", "ffmpeg", "ffprobe", "npm", "curl");
        Skip.IfNot(Path.Exists(Path.Combine(Repository.Root, ".git")), "this is no git clone");
        var clone = Path.Combine(Repository.Scratch, "clone");
        await ChildProcess.Run("git", ["clone", "-q", "--no-hardlinks", Repository.Root, clone], TimeSpan.FromMinutes(1));
        var data = Path.Combine(Repository.Scratch, "up-data");
        var offset = FreeOffset();
        var environment = new Dictionary<string, string> { ["PORT_OFFSET"] = $"{offset}" };
        try
        {
            await using var up = ChildProcess.Start(Path.Combine(clone, "deploy/up"), ["--demo", "--detach", "--data", data], environment, clone);
            var built = await Eventually.Get("the build ends", TimeSpan.FromMinutes(6), () =>
            {
                Assert.False(up.HasExited && !up.Output.Contains("Built in", StringComparison.Ordinal), up.Output + up.Errors);
                return Task.FromResult(up.Output.Contains("Built in", StringComparison.Ordinal) ? Stopwatch.StartNew() : null);
            });
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{8080 + offset}") };
            await Eventually.IsTrue("the demo is playable", TimeSpan.FromSeconds(30), async () => (await http.GetAsync("/live/demo/master.m3u8")).IsSuccessStatusCode);
            Assert.True(built.Elapsed < TimeSpan.FromSeconds(10), $"playable {built.Elapsed.TotalSeconds:0.0} s after the build's end");
            await up.Exits(TimeSpan.FromSeconds(30));
            Assert.Contains($"http://127.0.0.1:{8080 + offset}/live/demo", up.Output, StringComparison.Ordinal);
            Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(new Uri(http.BaseAddress, "/live/demo/master.m3u8").ToString()));

            await using var second = ChildProcess.Start(Path.Combine(clone, "deploy/up"), ["--detach", "--data", data], environment, clone);
            Assert.NotEqual(0, await second.Ends(TimeSpan.FromSeconds(60)));
            Assert.Contains("already running", second.Errors, StringComparison.Ordinal);
        }
        finally
        {
            await using var down = ChildProcess.Start(Path.Combine(clone, "deploy/down"), ["--data", data], environment, clone);
            await down.Exits(TimeSpan.FromSeconds(60));
            Assert.Contains("Server", down.Output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(Directory.GetDirectories("/proc"), process => CommandLine(process).Contains(data, StringComparison.Ordinal)
            || CommandLine(process).Contains($":{1935 + offset}/live/demo", StringComparison.Ordinal));
        // The clone holds nothing new but build output and packages, which are ignored.
        Assert.Equal("", await ChildProcess.Run("git", ["-C", clone, "status", "--porcelain"], TimeSpan.FromSeconds(30)));
    }

    [SkippableFact]
    public async Task The_scripts_pass_shellcheck()
    {
        Tools.Require("shellcheck");
        await using var check = ChildProcess.Start("shellcheck", ["-x", "-P", "SCRIPTDIR", .. Scripts], folder: Repository.Root);
        var code = await check.Ends(TimeSpan.FromMinutes(1));
        Assert.True(code == 0, check.Output + check.Errors);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void The_scripts_can_be_run() => Assert.All(
        Scripts.Where(script => script != "deploy/lib.sh"),
        script => Assert.True(File.GetUnixFileMode(Path.Combine(Repository.Root, script)).HasFlag(UnixFileMode.UserExecute), script));

    [Fact]
    public void The_lock_files_name_no_registry() => Assert.All(
        new[] { "deploy/web/package-lock.json", "tests/EndToEnd/players/package-lock.json" },
        file => Assert.DoesNotMatch(RegistryAddress(), File.ReadAllText(Path.Combine(Repository.Root, file))));

    internal static int FreeOffset()
    {
        // Every port of deploy/* moves by it; the one that is asked for is free, and those of the tests are far above.
        for (var offset = 2_000 + Environment.ProcessId % 500; ; offset++)
        {
            using var probe = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
            try
            {
                probe.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 8080 + offset));
                return offset;
            }
            catch (System.Net.Sockets.SocketException)
            {
            }
        }
    }

    static string CommandLine(string process)
    {
        try
        {
            return int.TryParse(Path.GetFileName(process), out var id) && id != Environment.ProcessId ? File.ReadAllText($"{process}/cmdline") : "";
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [GeneratedRegex("\"resolved\"|https?://registry")]
    private static partial Regex RegistryAddress();
}
