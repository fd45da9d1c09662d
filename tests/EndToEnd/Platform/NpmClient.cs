using System.Diagnostics;
using System.Text.Json.Nodes;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Platform;

/// <summary>The npm package kaltura-client in a process of its own (tests/EndToEnd/clients/kaltura.js), as whoever integrates the platform uses it.</summary>
sealed class NpmClient : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly Process _process;

    NpmClient(Process process) => _process = process;

    /// <summary>Skips the test, with the reason, where Node or the package is not installed.</summary>
    public static NpmClient Start(Uri service)
    {
        Tools.Require("node");
        var folder = Path.Combine(Repository.Root, "tests/EndToEnd/clients");
        Skip.IfNot(Directory.Exists(Path.Combine(folder, "node_modules/kaltura-client")), "kaltura-client is not installed (deploy/test installs it from npm)");
        var start = new ProcessStartInfo("node", ["kaltura.js", service.ToString().TrimEnd('/')])
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        Reaper.Watch(process.Id);
        return new NpmClient(process);
    }

    /// <summary>The answer of an action as the client gives it; fails where the client rejects.</summary>
    public async Task<JsonNode?> Call(string service, string action, params JsonNode?[] arguments)
    {
        var answer = await Ask(new JsonObject { ["service"] = service, ["action"] = action, ["args"] = new JsonArray(arguments) });
        Assert.True(answer["error"] is null, $"{service}.{action}: {answer["error"]}");
        return answer["value"]?.DeepClone();
    }

    /// <summary>The code with which the client rejects.</summary>
    public async Task<string> Error(string service, string action, params JsonNode?[] arguments)
    {
        var answer = await Ask(new JsonObject { ["service"] = service, ["action"] = action, ["args"] = new JsonArray(arguments) });
        Assert.True(answer["error"] is not null, $"{service}.{action} answered {answer}");
        return (string)answer["error"]!["code"]!;
    }

    public Task SetKs(string ks) => Ask(new JsonObject { ["set"] = "Ks", ["value"] = ks });

    async Task<JsonObject> Ask(JsonObject question)
    {
        await _process.StandardInput.WriteLineAsync(question.ToJsonString());
        await _process.StandardInput.FlushAsync();
        var line = await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new IOException("The client's process ended.");
        return JsonNode.Parse(line)!.AsObject();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
