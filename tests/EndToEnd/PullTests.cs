using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>Streams that the server fetches from nginx-rtmp.</summary>
public sealed class PullTests
{
    const string Token = "S3CRETTOKEN";

    [SkippableFact]
    public async Task A_configured_source_is_pulled_again_when_it_comes_back_and_its_token_is_shown_nowhere()
    {
        await using var relay = await Relay.Start();
        await using var server = await ServerProcess.Start(new() { ["Pull__Sources__camera"] = $"{relay.Url("camera")}?token={Token}" });
        await using (Ffmpeg.Publish(await SourceMedia.Plain, relay.Url("camera")))
        {
            await server.IsPlayable("camera", TimeSpan.FromSeconds(40));
            Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(server.Master("camera").ToString()));
        }

        // The source breaks off and comes back: numbering goes on.
        await using var client = await StrictHlsClient.Open(server.Http, server.Master("camera"));
        await client.UntilSegments(1, TimeSpan.FromSeconds(20));
        var last = client.Video.Last;
        await using var again = Ffmpeg.Publish(await SourceMedia.Plain, relay.Url("camera"));
        await client.Until("segments after the break", TimeSpan.FromSeconds(60), rendition => rendition.Last >= last + 3);
        client.AssertNothingWrong();

        var pull = await server.Http.GetStringAsync("/api/v1/pulls/camera");
        Assert.Equal(relay.Url("camera"), JsonDocument.Parse(pull).RootElement.GetProperty("source").GetString());
        Assert.DoesNotContain(Token, pull, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, server.Log, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_source_is_pulled_and_stopped_by_command_and_a_private_address_needs_leave()
    {
        await using var relay = await Relay.Start();
        await using var encoder = Ffmpeg.Publish(await SourceMedia.Plain, relay.Url("camera"));

        await using (var strict = await ServerProcess.Start())
        {
            Assert.Equal(HttpStatusCode.Created, await Start(strict, "inside", relay.Url("camera")));
            await Eventually.IsTrue("it is refused", TimeSpan.FromSeconds(20), async () =>
                (await strict.Http.GetStringAsync("/api/v1/pulls/inside")).Contains("no address that may be pulled from", StringComparison.Ordinal));
        }

        await using var server = await ServerProcess.Start(new() { ["Pull__PrivateAddresses"] = "Always" });
        Assert.Equal(HttpStatusCode.BadRequest, await Start(server, "inside", "http://127.0.0.1/live/camera"));
        Assert.Equal(HttpStatusCode.Created, await Start(server, "inside", relay.Url("camera")));
        await server.IsPlayable("inside", TimeSpan.FromSeconds(40));

        using var stopped = await server.Http.DeleteAsync("/api/v1/pulls/inside");
        Assert.Equal(HttpStatusCode.NoContent, stopped.StatusCode);
        await Eventually.IsTrue("nothing is published any more", TimeSpan.FromSeconds(20), async () =>
            (await server.Http.GetStringAsync("/api/v1/streams/inside")).Contains("\"sources\":[]", StringComparison.Ordinal));
    }

    static async Task<HttpStatusCode> Start(ServerProcess server, string name, string url)
    {
        using var content = JsonContent.Create(new { name, url });
        await content.LoadIntoBufferAsync();   // with its length
        using var answer = await server.Http.PostAsync("/api/v1/pulls", content);
        return answer.StatusCode;
    }
}
