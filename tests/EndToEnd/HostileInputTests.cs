using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>
/// Bad input over real sockets while somebody publishes and somebody watches: the bad connection ends, with one line in the log; the stream does
/// not notice, and memory stays where it was.
/// </summary>
public sealed class HostileInputTests(HostileInputTests.Watched watched) : IClassFixture<HostileInputTests.Watched>
{
    const long AllowedGrowth = 96L << 20;
    static readonly TimeSpan ClosesWithin = TimeSpan.FromSeconds(20);

    [SkippableFact]
    public Task Random_bytes() => EndsWithOneLine(async (server, client) =>
    {
        var noise = new byte[64 * 1024];
        new Random(7).NextBytes(noise);
        await client.Send(noise);
    }, handshake: false);

    [SkippableFact]
    public Task A_truncated_handshake() => EndsWithOneLine((_, client) => client.Send(new byte[700].Prepend((byte)3).ToArray()), handshake: false);

    [SkippableFact]
    public Task Silence_instead_of_a_handshake() => EndsWithOneLine((_, _) => Task.CompletedTask, handshake: false);

    [SkippableFact]
    public Task A_handshake_of_one_byte_a_second() => EndsWithOneLine(async (_, client) =>
    {
        await client.Send((byte[])[3]);
        for (var i = 0; i < 20 && await client.Send((byte[])[0]); i++)
        {
            if (await client.IsClosed(TimeSpan.FromSeconds(1)))
            {
                break;
            }
        }
    }, handshake: false);

    [SkippableFact]
    public Task Chunk_size_0() => EndsWithOneLine((_, client) => client.Send(RawRtmp.SetChunkSize(0)));

    // The first bit must be zero (§5.4.1), so this is the smallest size that no client may ask for.
    [SkippableFact]
    public Task Chunk_size_2_to_the_31() => EndsWithOneLine((_, client) => client.Send(RawRtmp.SetChunkSize(1u << 31)));

    [SkippableFact]
    public Task Half_open_chunk_streams() => EndsWithOneLine(async (_, client) =>
    {
        // Each begins a message of 16 MB and sends 128 bytes of it.
        var part = new byte[128];
        for (var id = 3; id < 65_599 && await client.Send(RawRtmp.Chunk(id, 9, part, declared: 0xFF_FFFF)); id++)
        {
        }
    });

    [SkippableFact]
    public Task A_message_that_lies_about_its_length() => EndsWithOneLine(async (_, client) =>
        await client.Send(RawRtmp.Chunk(3, 20, new byte[128], declared: 0xFF_FFFF)));

    [SkippableFact]
    public Task Nested_objects() => EndsWithOneLine(async (_, client) =>
    {
        await client.Send(RawRtmp.SetChunkSize(1 << 20));
        await client.Send(RawRtmp.Chunk(3, 20, RawRtmp.NestedConnect(50_000)));
    });

    [SkippableFact]
    public Task An_array_without_end() => EndsWithOneLine(async (_, client) =>
    {
        await client.Send(RawRtmp.SetChunkSize(1 << 20));
        await client.Send(RawRtmp.Chunk(3, 20, RawRtmp.EndlessArrayConnect()));
    });

    [SkippableTheory]
    [InlineData("../../etc/passwd")]
    [InlineData("a/../b")]
    [InlineData("..")]
    [InlineData("a%2f..%2fb")]
    [InlineData("a\\b")]
    [InlineData("with space")]
    [InlineData("")]
    public async Task A_name_outside_the_allow_list_is_refused(string name)
    {
        var server = await watched.Get();
        await using var publisher = await RtmpPublisher.Connect(server.RtmpPort, name);
        Assert.False(publisher.IsOnAir);
        Assert.NotEqual("", publisher.Refusal);
        await watched.AssertUntouched();
    }

    [SkippableTheory]
    [InlineData("guarded")]
    [InlineData("guarded?key=wrong")]
    [InlineData("guarded?key=")]
    public async Task A_missing_or_wrong_key_is_refused_with_a_sentence_and_one_line(string name)
    {
        var server = await watched.Get();
        var before = server.Log.Length;
        await using var publisher = await RtmpPublisher.Connect(server.RtmpPort, name);
        Assert.False(publisher.IsOnAir);
        Assert.Contains("key", publisher.Refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", publisher.Refusal, StringComparison.Ordinal);
        await Eventually.IsTrue("the refusal is logged", TimeSpan.FromSeconds(5), () => server.Log[before..].Contains("guarded", StringComparison.Ordinal));
        Assert.DoesNotContain("s3cret", server.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("key=wrong", server.Log, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_right_key_opens()
    {
        var server = await watched.Get();
        await using var publisher = await RtmpPublisher.Connect(server.RtmpPort, "guarded?key=s3cret");
        Assert.True(publisher.IsOnAir, publisher.Refusal);
    }

    [SkippableFact]
    public async Task A_second_publisher_of_a_live_name_is_refused()
    {
        var server = await watched.Get();
        await using var second = await RtmpPublisher.Connect(server.RtmpPort, "watched");
        Assert.False(second.IsOnAir);
        Assert.NotEqual("", second.Refusal);
        await watched.AssertUntouched();
    }

    [SkippableTheory]
    [InlineData("/live/..%2f..%2fetc%2fpasswd/master.m3u8")]
    [InlineData("/live/watched/..%2f..%2fappsettings.json")]
    [InlineData("/live/watched/seg-99999999999999999999-v1.m4s")]
    [InlineData("/live/watched/seg--1-v1.m4s")]
    [InlineData("/live/watched/%00")]
    [InlineData("/live/nobody/master.m3u8")]
    public async Task A_path_that_is_none_is_not_found(string path)
    {
        var server = await watched.Get();
        using var answer = await server.Http.GetAsync(path);
        Assert.InRange((int)answer.StatusCode, 400, 410);
        Assert.True((await answer.Content.ReadAsByteArrayAsync()).Length < 4_096);
        await watched.AssertUntouched();
    }

    async Task EndsWithOneLine(Func<ServerProcess, RawRtmp, Task> attack, bool handshake = true)
    {
        var server = await watched.Get();
        var memory = server.ResidentBytes;
        await using var client = handshake ? await RawRtmp.Handshake(server.RtmpPort) : await RawRtmp.Connect(server.RtmpPort);
        var port = client.LocalPort;
        await attack(server, client);
        Assert.True(await client.IsClosed(ClosesWithin), $"the server held the connection for {ClosesWithin.TotalSeconds} s");
        await Eventually.IsTrue("the end is logged", TimeSpan.FromSeconds(5), () => Lines(server, port).Length > 0);
        Assert.True(Lines(server, port).Length == 1, string.Join('\n', Lines(server, port)));
        Assert.True(server.ResidentBytes - memory < AllowedGrowth, $"memory went from {memory >> 20} to {server.ResidentBytes >> 20} MB");
        await watched.AssertUntouched();
    }

    static string[] Lines(ServerProcess server, string port) =>
        [.. server.Log.Split('\n').Where(line => line.Contains(port, StringComparison.Ordinal))];

    /// <summary>A server of its own, with a stream that is published and watched the whole time.</summary>
    public sealed class Watched : IAsyncLifetime
    {
        ServerProcess? _server;
        ChildProcess? _publisher;
        StrictHlsClient? _client;

        public Task InitializeAsync() => Task.CompletedTask;

        public async Task DisposeAsync()
        {
            await (_client?.DisposeAsync() ?? default);
            await (_publisher?.DisposeAsync() ?? default);
            await (_server?.DisposeAsync() ?? default);
        }

        internal async Task<ServerProcess> Get()
        {
            Tools.Require("ffmpeg");
            if (_server is null)
            {
                _server = await ServerProcess.Start(new Dictionary<string, string> { ["Publish__Keys__guarded"] = "s3cret" });
                _publisher = Ffmpeg.Publish(await SourceMedia.Short, _server.Rtmp("watched"), "-stream_loop", "-1");
                _client = await StrictHlsClient.Open(_server.Http, _server.Master("watched"));
            }

            return _server;
        }

        /// <summary>The server lives, the publisher publishes, and the viewer gets the next segment.</summary>
        internal async Task AssertUntouched()
        {
            Assert.True(_server!.IsRunning, _server.LogTail);
            Assert.False(_publisher!.HasExited, _publisher.Errors);
            var last = _client!.Renditions.ToDictionary(rendition => rendition, rendition => rendition.Last);
            await _client.Until("the next segment", TimeSpan.FromSeconds(10), rendition => rendition.Last > last[rendition]);
            _client.AssertNothingWrong();
        }
    }
}
