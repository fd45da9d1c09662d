using System.Globalization;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd;

/// <summary>deploy/docker without Docker: its build command on the files that its build would see, and what came of it as its container would run it.</summary>
[Collection(Alone.Name)]
public sealed class DockerTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task What_the_Dockerfile_builds_starts_is_healthy_and_stops()
    {
        Tools.Require("git");
        Skip.IfNot(Path.Exists(Path.Combine(Repository.Root, ".git")), "this is no git clone");
        var dockerfile = new Dockerfile();
        var (source, app, data) = (Repository.Folder("docker-source"), Repository.Folder("docker-app"), Repository.Folder("docker-data"));

        // 1. The context, and the one command of the build stage.
        var files = await ChildProcess.Run("git", ["-C", Repository.Root, "ls-files"], TimeSpan.FromSeconds(30));
        foreach (var file in files.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(Dockerfile.Admits))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(source, file))!);
            File.Copy(Path.Combine(Repository.Root, file), Path.Combine(source, file));
        }

        Assert.False(Directory.Exists(Path.Combine(source, "tests")));
        var publish = dockerfile.All("RUN").First(line => line.StartsWith("dotnet publish", StringComparison.Ordinal)).Replace("/app", app, StringComparison.Ordinal);
        await using var build = ChildProcess.Start("sh", ["-c", publish], new Dictionary<string, string>
        {
            ["ENGINE"] = dockerfile.All("ARG").Single(argument => argument.StartsWith("ENGINE=", StringComparison.Ordinal))[7..],
            ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false", ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
        }, source);
        Assert.True(await build.Ends(TimeSpan.FromMinutes(8)) == 0, build.Output);

        // 2. The container's process, with the places that a container gives it.
        string Here(string text) => text.Replace("/app/web", Path.Combine(Repository.Root, "deploy/web/node_modules"), StringComparison.Ordinal)
            .Replace("/app", app, StringComparison.Ordinal).Replace("/data", data, StringComparison.Ordinal)
            .Replace("/run/secrets", Path.Combine(data, "secrets"), StringComparison.Ordinal);
        var environment = dockerfile.Environment.ToDictionary(variable => variable.Name, variable => Here(variable.Value));
        foreach (var port in (string[])["Http__Port", "Ingest__Rtmp__Port", "Ingest__Rtmp__TlsPort", "Frames__Port", "Silo__Port", "Silo__GatewayPort"])
        {
            environment[port] = FreePorts.Next().ToString(CultureInfo.InvariantCulture);
        }

        string[] entry = [.. dockerfile.Exec("ENTRYPOINT").Select(Here)];
        string[] health = [.. dockerfile.Exec("HEALTHCHECK").Select(Here)];
        await using var server = ChildProcess.Start(entry[0], entry[1..], environment, data);
        await Eventually.IsTrue("the health check succeeds", TimeSpan.FromSeconds(60), async () =>
        {
            Assert.False(server.HasExited, server.Output + server.Errors);
            await using var check = ChildProcess.Start(health[0], health[1..], environment);
            return await check.Ends(TimeSpan.FromSeconds(20)) == 0;
        });

        // 3. docker stop.
        server.Signal(dockerfile.All("STOPSIGNAL").Single()["SIG".Length..]);
        Assert.Equal(0, await server.Ends(TimeSpan.FromSeconds(60)));
        Assert.All(server.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("{", line, StringComparison.Ordinal));
        output.WriteLine($"{Directory.EnumerateFiles(app).Count()} files published");
    }

    /// <summary>Those who run as PID 1 in exec form get signals themselves, and nobody runs as root.</summary>
    [Fact]
    public void The_image_gets_its_signals_and_has_no_rights()
    {
        var dockerfile = new Dockerfile();
        Assert.Equal(["dotnet", "/app/tributary.dll"], dockerfile.Exec("ENTRYPOINT"));
        Assert.Equal("$APP_UID", Assert.Single(dockerfile.All("USER")));
        Assert.All(dockerfile.All("FROM"), from => Assert.DoesNotContain(":latest", from, StringComparison.Ordinal));
        Assert.All(dockerfile.All("COPY").Where(copy => copy.StartsWith("deploy/", StringComparison.Ordinal)).SelectMany(copy => copy.Split(' ')[..^1]), file =>
            Assert.True(Dockerfile.Admits(file) && File.Exists(Path.Combine(Repository.Root, file)), file));
    }
}
