using System.Diagnostics;
using System.Net;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd;

/// <summary>A node that is alone and told to drain, or to end.</summary>
public sealed class DrainTests(ITestOutputHelper output)
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(6);

    [SkippableFact]
    public async Task By_command_it_refuses_encoders_serves_viewers_and_ends_what_is_left_at_the_deadline()
    {
        await using var server = await ServerProcess.Start(new() { ["Node__Name"] = "alone", ["Node__DrainDeadline"] = $"{Deadline:c}" });
        await using var encoder = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("stays"));
        await server.IsPlayable("stays");

        // 1. At once: draining, not ready, alive. Encoders are refused; viewers have nowhere else to go and are served on.
        using var drain = await server.Http.PostAsync("/api/v1/nodes/alone/drain", null);
        var clock = Stopwatch.StartNew();
        Assert.Equal(HttpStatusCode.Accepted, drain.StatusCode);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (await Status(server, "/readyz"), await Status(server, "/livez")));
        await using (var refused = await RtmpPublisher.Connect(server.RtmpPort, "new"))
        {
            Assert.Contains("This node is being shut down", refused.Refusal, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.OK, await Status(server, "/live/stays/master.m3u8"));

        // 2. Undone, it takes encoders.
        using var undone = await server.Http.DeleteAsync("/api/v1/nodes/alone/drain");
        Assert.Equal(HttpStatusCode.OK, undone.StatusCode);
        await using (var taken = await RtmpPublisher.Connect(server.RtmpPort, "new"))
        {
            Assert.True(taken.IsOnAir, taken.Refusal);
        }

        // 3. What nobody else can take over stays until the deadline, and no longer; the process goes on.
        clock.Restart();
        using var waited = await server.Http.PostAsync("/api/v1/nodes/alone/drain?wait=true&timeout=9", null);
        output.WriteLine($"figure: drain by command with an encoder that has no backup: {clock.Elapsed.TotalSeconds:0.0} s, deadline {Deadline.TotalSeconds:0} s");
        Assert.Equal(HttpStatusCode.OK, waited.StatusCode);
        Assert.True(clock.Elapsed > Deadline / 2, $"it was empty after {clock.Elapsed}");
        Assert.NotEqual(0, await encoder.Ends(TimeSpan.FromSeconds(10)));
        Assert.True(server.IsRunning);
    }

    [SkippableFact]
    public async Task Told_to_end_with_nobody_to_hand_over_to_it_does_not_wait()
    {
        await using var server = await ServerProcess.Start();
        await using var encoder = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("ends"));
        await server.IsPlayable("ends");
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, await server.Terminate(TimeSpan.FromSeconds(25)));
        output.WriteLine($"figure: SIGTERM of a single node with an encoder and a viewer: ended after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.Contains("has drained in", server.Log, StringComparison.Ordinal);
    }

    static async Task<HttpStatusCode> Status(ServerProcess server, string path)
    {
        using var answer = await server.Http.GetAsync(path);
        return answer.StatusCode;
    }
}
