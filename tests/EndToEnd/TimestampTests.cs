using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>Encoders whose clocks do what clocks should not: the stream goes on, players see one rising timeline, and nobody's session ends.</summary>
public sealed class TimestampTests
{
    const uint Hour = 3_600_000;

    /// <summary>Each case stamps a frame of the source (milliseconds from its start, six seconds long) as an odd encoder would.</summary>
    static readonly Dictionary<string, Func<uint, uint>> Clocks = new()
    {
        ["jump-ahead"] = at => at < 3_000 ? at : at + 10 * Hour,
        ["jump-back"] = at => at < 3_000 ? at + 10 * Hour : at,
        ["restart-at-0"] = at => at < 3_000 ? at + 500_000 : at - 3_000,
        ["equal"] = at => at is >= 2_000 and < 4_000 ? 2_000 : at,
        ["falling"] = at => at is >= 2_000 and < 4_000 ? 6_000 - at : at,
        ["one-wild-frame"] = at => at is >= 3_000 and < 3_030 ? at + 37 * Hour : at,
        ["wrap-24"] = at => (at + (1u << 24) - 3_000) % (1u << 24),
        ["across-24"] = at => at + (1u << 24) - 3_000,
        ["wrap-31"] = at => (at + (1u << 31) - 3_000) & 0x7FFF_FFFF,
        ["across-31"] = at => at + (1u << 31) - 3_000,
        ["wrap-32"] = at => unchecked(at + uint.MaxValue - 2_999),
        ["starts-late"] = at => at + 100 * Hour,
    };

    public static TheoryData<string> Names => [.. Clocks.Keys];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public async Task A_strange_clock_ends_nothing(string name)
    {
        Tools.Require("ffmpeg");
        var played = (await Corpus.Value)[name];
        Assert.True(played.Problems.Count == 0, string.Join('\n', played.Problems));
        Assert.True(played.Seconds is > 10 and < 16, $"12 s were published, {played.Seconds} s are listed");
        Assert.Equal(0, played.Discontinuities);
        Assert.Equal("", played.DecodeErrors);
        Assert.True(played.Monotone, "decoding times go back");
    }

    [SkippableFact]
    public async Task A_loop_of_ffmpeg_goes_on()
    {
        Tools.Require("ffmpeg");
        var server = await SharedServer.Get();
        await using var publisher = Ffmpeg.Publish(await SourceMedia.Short, server.Rtmp("stream-loop"), "-stream_loop", "2");
        await using var client = await StrictHlsClient.Open(server.Http, server.Master("stream-loop"));
        await publisher.Exits(TimeSpan.FromSeconds(40));
        await client.Until("the end of the third turn", TimeSpan.FromSeconds(15), rendition => rendition.Duration >= 16);
        client.AssertNothingWrong();
        Assert.True(await IsMonotone(client, "stream-loop"), "decoding times go back");
    }

    // All clocks at the same time, the source twice in a row with the strangeness in its first turn.
    static readonly Lazy<Task<Dictionary<string, Played>>> Corpus = new(async () =>
    {
        var server = await SharedServer.Get();
        var tags = await FlvFile.Read(await SourceMedia.Short);
        var played = await Task.WhenAll(Clocks.Select(clock => Play(server, clock.Key, clock.Value, tags)));
        return played.ToDictionary(result => result.Name);
    });

    static async Task<Played> Play(ServerProcess server, string name, Func<uint, uint> clock, IReadOnlyList<FlvTag> tags)
    {
        var stream = "clock-" + name;
        await using var publisher = await RtmpPublisher.Connect(server.RtmpPort, stream);
        Assert.True(publisher.IsOnAir, publisher.Refusal);
        var playing = Task.Run(async () =>
        {
            await publisher.Play(tags, tag => clock(tag.Timestamp));
            await publisher.Play(tags.Where(tag => !tag.IsConfiguration), tag => unchecked(clock(tags[^1].Timestamp) + 23 + tag.Timestamp));
            await publisher.Stop();
        });
        await using var client = await StrictHlsClient.Open(server.Http, server.Master(stream));
        await playing;
        try
        {
            await client.Until("what was published is listed", TimeSpan.FromSeconds(10), rendition => rendition.Duration >= 11);
        }
        catch (TimeoutException)
        {
            // The assertion on the duration says it better.
        }

        return new Played(
            name, client.Problems, (double)client.Renditions.Min(rendition => rendition.Duration), client.Renditions.Sum(rendition => rendition.Discontinuities),
            await DecodeErrors(client, stream), await IsMonotone(client, stream));
    }

    static async Task<string> DecodeErrors(StrictHlsClient client, string name)
    {
        var errors = "";
        foreach (var file in client.Renditions.SelectMany((rendition, i) => rendition.Save($"{name}-{i}")))
        {
            errors += await Ffmpeg.DecodeErrors(file);
        }

        return errors;
    }

    static async Task<bool> IsMonotone(StrictHlsClient client, string name)
    {
        foreach (var (rendition, track) in new[] { (client.Video, 'v'), (client.Audio, 'a') })
        {
            foreach (var file in rendition.Save($"{name}-{track}-monotone"))
            {
                var packets = await Ffmpeg.Packets(file, track);
                if (packets.Zip(packets.Skip(1)).Any(pair => pair.Second.Dts <= pair.First.Dts))
                {
                    return false;
                }
            }
        }

        return true;
    }

    sealed record Played(string Name, IReadOnlyCollection<string> Problems, double Seconds, int Discontinuities, string DecodeErrors, bool Monotone);
}
