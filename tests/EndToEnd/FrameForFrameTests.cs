using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>
/// What ffmpeg published is what another ffmpeg reads from our segments: the same packets, byte for byte, at the same times. What may differ is
/// written here: times start elsewhere, and pictures and sound lie on the grids of their rates where RTMP gave whole milliseconds.
/// </summary>
public sealed class FrameForFrameTests(FrameForFrameTests.Publications publications) : IClassFixture<FrameForFrameTests.Publications>
{
    public static TheoryData<string, bool> Cases => new()
    {
        { "plain", false }, { "plain", true },
        { "bframes", false }, { "bframes", true },
        { "audio", false }, { "audio", true },
        { "video", false }, { "video", true },
    };

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public async Task Segments_hold_the_packets_that_were_published(string source, bool ts)
    {
        Tools.Require("ffmpeg", "ffprobe");
        var published = publications[source];
        var client = ts ? published.Ts : published.Cmaf;
        client.AssertNothingWrong();

        double? videoShift = null, audioShift = null;
        if (source != "audio")
        {
            var read = await ReadAll(client, 'v', ts);
            var sent = await Ffmpeg.Packets(published.File, 'v');
            AssertSamePackets(sent, read, mayMissAtStart: 0);
            AssertSameTimes(sent, read);
            videoShift = read[0].PtsMilliseconds - sent[0].PtsMilliseconds;
        }

        if (source != "video")
        {
            var read = await ReadAll(client, 'a', ts);
            var sent = await Ffmpeg.Packets(published.File, 'a');
            // Audio from before the first key frame has no picture, and a stream starts with one.
            var skipped = AssertSamePackets(sent, read, mayMissAtStart: source == "audio" ? 0 : 5);
            AssertOnGrid(read, ts);
            AssertNear(sent[skipped..], read);
            audioShift = read[0].PtsMilliseconds - sent[skipped].PtsMilliseconds;
        }

        if (videoShift is { } video && audioShift is { } audio)
        {
            Assert.True(Math.Abs(video - audio) <= 2, $"audio is {audio - video:0.0} ms from where it was against video");
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public async Task Segments_decode_without_an_error(string source, bool ts)
    {
        Tools.Require("ffmpeg");
        var client = ts ? publications[source].Ts : publications[source].Cmaf;
        foreach (var rendition in client.Renditions)
        {
            foreach (var file in rendition.Save($"decode-{source}-{ts}-{Path.GetFileNameWithoutExtension(rendition.Address.AbsolutePath)}"))
            {
                Assert.Equal("", await Ffmpeg.DecodeErrors(file));
            }
        }
    }

    static async Task<Packet[]> ReadAll(StrictHlsClient client, char track, bool ts)
    {
        var rendition = client.Renditions.Count == 1 ? client.Renditions[0] : track == 'v' ? client.Video : client.Audio;
        var file = Assert.Single(rendition.Save($"{Guid.NewGuid():N}-{track}"));
        return await Ffmpeg.Packets(file, track, annexB: ts);
    }

    // The last segment may be cut short by nothing but the end of the stream: everything up to it was listed.
    static int AssertSamePackets(Packet[] sent, Packet[] read, int mayMissAtStart)
    {
        Assert.NotEmpty(read);
        var skipped = Array.FindIndex(sent, packet => packet.Hash == read[0].Hash);
        Assert.InRange(skipped, 0, mayMissAtStart);
        Assert.Equal(sent.Skip(skipped).Take(read.Length).Select(packet => packet.Hash), read.Select(packet => packet.Hash));
        Assert.True(read.Length >= (sent.Length - skipped) * 0.8, $"only {read.Length} of {sent.Length} packets were listed");
        return skipped;
    }

    // RTMP rounds to milliseconds; we put pictures of a declared 30 per second back to where they were, 3,000 ticks apart.
    static void AssertSameTimes(Packet[] sent, Packet[] read)
    {
        for (var i = 0; i < read.Length; i++)
        {
            Assert.Equal(sent[i].DtsMilliseconds - sent[0].DtsMilliseconds, read[i].DtsMilliseconds - read[0].DtsMilliseconds, 1.6);
            Assert.Equal(sent[i].PtsMilliseconds - sent[0].PtsMilliseconds, read[i].PtsMilliseconds - read[0].PtsMilliseconds, 1.6);
        }

        Assert.All(read.Zip(read.Skip(1)), pair => Assert.Equal(3_000 * read[0].Hz / 90_000, pair.Second.Dts - pair.First.Dts));
    }

    static void AssertOnGrid(Packet[] read, bool ts)
    {
        // 1,024 samples of 48 kHz are 1,024 ticks in MP4, and exactly 1,920 of 90 kHz.
        var step = ts ? 1_920 : 1_024;
        Assert.All(read.Zip(read.Skip(1)), pair => Assert.Equal(step, pair.Second.Dts - pair.First.Dts));
    }

    static void AssertNear(Packet[] sent, Packet[] read)
    {
        for (var i = 0; i < read.Length; i++)
        {
            Assert.Equal(sent[i].DtsMilliseconds - sent[0].DtsMilliseconds, read[i].DtsMilliseconds - read[0].DtsMilliseconds, 2.0);
        }
    }

    /// <summary>All sources published at the same time, each followed in both forms to its end.</summary>
    public sealed class Publications : IAsyncLifetime
    {
        readonly Dictionary<string, Publication> _publications = [];

        internal Publication this[string source] => _publications[source];

        public async Task InitializeAsync()
        {
            if (!Tools.Has("ffmpeg"))
            {
                return;   // the tests say so
            }

            var sources = new Dictionary<string, string>
            {
                ["plain"] = await SourceMedia.Medium,
                ["bframes"] = await SourceMedia.BFrames,
                ["audio"] = await SourceMedia.AudioOnly,
                ["video"] = await SourceMedia.VideoOnly,
            };
            var server = await SharedServer.Get();
            var all = await Task.WhenAll(sources.Select(source => Publish(server, source.Key, source.Value)));
            foreach (var publication in all)
            {
                _publications.Add(publication.Name, publication);
            }
        }

        public async Task DisposeAsync()
        {
            foreach (var publication in _publications.Values)
            {
                await publication.Cmaf.DisposeAsync();
                await publication.Ts.DisposeAsync();
            }
        }

        static async Task<Publication> Publish(ServerProcess server, string name, string file)
        {
            var stream = "packets-" + name;
            await using var publisher = Ffmpeg.Publish(file, server.Rtmp(stream));
            var cmaf = await StrictHlsClient.Open(server.Http, server.Master(stream));
            var ts = await StrictHlsClient.Open(server.Http, server.TsMaster(stream));
            await publisher.Exits(TimeSpan.FromSeconds(60));
            // The publisher said good-bye: its last segment is closed and listed, and then nothing changes any more.
            await cmaf.Until($"the end of {stream}", TimeSpan.FromSeconds(15), rendition => rendition.Duration >= 19);
            await ts.Until($"the end of {stream} as transport stream", TimeSpan.FromSeconds(15), rendition => rendition.Duration >= 19);
            return new Publication(name, file, cmaf, ts);
        }
    }

    internal sealed record Publication(string Name, string File, StrictHlsClient Cmaf, StrictHlsClient Ts);
}
