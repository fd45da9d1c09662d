using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>What viewers keep when encoders and servers do not.</summary>
public sealed class ContinuityTests
{
    [SkippableFact]
    public async Task After_a_crash_of_everything_numbering_goes_on()
    {
        Tools.Require("ffmpeg");
        await using var server = await ServerProcess.Start();
        await using var client = await FirstLife(server);
        await client.UntilSegments(5, TimeSpan.FromSeconds(30));
        client.AssertNothingWrong();
        var lasts = client.Renditions.ToDictionary(rendition => rendition, rendition => (rendition.Last, rendition.Playlist!.DiscontinuitySequence));
        foreach (var rendition in client.Renditions)
        {
            rendition.MayBeAway = true;
        }

        await server.Crash();
        await server.StartAgain();
        // Encoders try again and again; five seconds after a cold start the stream takes them.
        await using var again = await TakesOver(server, "crash");
        var playing = again.Play((await FlvFile.Read(await SourceMedia.Medium)).Where(tag => tag.Timestamp < 12_000));
        await client.Until("segments after the crash", TimeSpan.FromSeconds(30), rendition => rendition.Last >= lasts[rendition].Last + 3);
        client.AssertNothingWrong();
        Assert.All(client.Renditions, rendition =>
        {
            var after = rendition.Segments.First(segment => segment.Msn > lasts[rendition].Last);
            Assert.True(after.DiscontinuitySequence > lasts[rendition].DiscontinuitySequence, $"no discontinuity before {after}");
        });
        await playing;
    }

    /// <summary>An encoder whose cable was pulled says no good-bye; the same name is published again while the old connection still seems to live.</summary>
    [SkippableFact]
    public async Task A_dead_encoder_gives_way_to_the_same_stream()
    {
        Tools.Require("ffmpeg");
        var server = await SharedServer.Get();
        var tags = await FlvFile.Read(await SourceMedia.Medium);
        await using var dead = await RtmpPublisher.Connect(server.RtmpPort, "half-open");
        await dead.Play(tags.Where(tag => tag.Timestamp < 5_000));
        await using var client = await StrictHlsClient.Open(server.Http, server.Master("half-open"));
        await using var next = await TakesOver(server, "half-open");
        await next.Play(tags.Where(tag => tag.Timestamp < 8_000));
        await client.UntilSegments(5, TimeSpan.FromSeconds(20));
        client.AssertNothingWrong();
        Assert.All(client.Renditions, rendition => Assert.Equal(1, rendition.Discontinuities));
    }

    static async Task<RtmpPublisher> TakesOver(ServerProcess server, string stream) =>
        await Eventually.Get($"the dead encoder of {stream} gives way", TimeSpan.FromSeconds(5), async () =>
        {
            var publisher = await RtmpPublisher.Connect(server.RtmpPort, stream);
            if (publisher.IsOnAir)
            {
                return publisher;
            }

            await publisher.DisposeAsync();
            return null;
        });

    static async Task<StrictHlsClient> FirstLife(ServerProcess server)
    {
        // Ends with the server: its connection is cut.
        _ = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("crash"));
        return await StrictHlsClient.Open(server.Http, server.Master("crash"));
    }
}
