using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.LiveStreams;
using Tributary.Ingest;
using Tributary.Ingest.Publishing;
using Tributary.Ingest.Rtmp;
using Tributary.Media.Frames;
using Tributary.Protocols.Rtmp;
using Tributary.Unit.Media;

namespace Tributary.Unit.Rtmp;

/// <summary>The connection between a scripted encoder and a publication that the test holds: no socket, no cluster, no real time.</summary>
public sealed class RtmpConnectionTests : IAsyncDisposable
{
    readonly FramePool _pool = new() { Poison = true };
    readonly ManualTime _time = new();
    readonly Journal _log = new();
    readonly RtmpOptions _options = new();
    readonly List<PublishTarget> _targets = [];
    readonly List<PublishEnd> _ends = [];
    readonly CancellationTokenSource _endedByCluster = new();
    readonly CancellationTokenSource _stopping = new();
    readonly Sink _sink = new();
    readonly Pipe _toServer = new(), _toClient = new(new PipeOptions(pauseWriterThreshold: 0));
    readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<IngestMetrics>().BuildServiceProvider();
    readonly FrameArena _clientArena;
    string? _refusal;
    string _redirect = "";

    public RtmpConnectionTests() => _clientArena = new FrameArena(_pool);

    public async ValueTask DisposeAsync()
    {
        _clientArena.Dispose();
        _endedByCluster.Dispose();
        _stopping.Dispose();
        await _services.DisposeAsync();
        Assert.Equal(0, _pool.SlabsInUse);
    }

    [Fact]
    public async Task An_encoder_publishes_and_leaves()
    {
        var (running, client) = await OnAir("demo?key=S3CRET&i=1");
        client.SendVideo(0, [], Wire.Hex("17 00 000000" + CodecVectors.AvcC));
        client.SendVideo(40, Wire.Hex("17 01 000000"), Wire.Hex("00000003 658884"));
        client.Stop();
        await _toServer.Writer.FlushAsync();
        await _toServer.Writer.CompleteAsync();
        await running;

        Assert.Equal(("demo", 1, "S3CRET", "rtmp"), (_targets[0].StreamName, _targets[0].Slot, _targets[0].Key, _targets[0].Protocol));
        Assert.Equal([PublishEnd.Unpublished], _ends);
        Assert.Equal(1, _sink.Frames);
        Assert.Contains("'demo' closed: Unpublished", _log.Lines[^1], StringComparison.Ordinal);
        Assert.All(_log.Lines, line => Assert.DoesNotContain("S3CRET", line, StringComparison.Ordinal));
        client.Dispose();
    }

    [Fact]
    public async Task An_encoder_that_vanishes_ends_its_publication_as_lost()
    {
        var (running, client) = await OnAir("demo");
        await _toServer.Writer.CompleteAsync(new ConnectionResetException("reset"));
        await running;
        Assert.Equal([PublishEnd.ConnectionLost], _ends);
        Assert.Contains("closed: ConnectionLost", Assert.Single(_log.Lines, l => l.Contains("closed", StringComparison.Ordinal)), StringComparison.Ordinal);
        client.Dispose();
    }

    [Fact]
    public async Task A_refused_encoder_reads_why_before_the_connection_closes()
    {
        _refusal = "The key for stream 'demo' is wrong.";
        var running = Run();
        using var client = NewClient("demo");
        await Talk(client, RtmpClientState.Ended);
        Assert.Equal("NetStream.Publish.BadName: The key for stream 'demo' is wrong.", client.Refusal);
        Assert.False(running.IsCompleted);   // it waits for the encoder to close, so that nothing resets the connection

        await _toServer.Writer.CompleteAsync();
        await running;
        Assert.Contains("'-' closed: Refused: The key for stream 'demo' is wrong.", _log.Lines[^1], StringComparison.Ordinal);
        Assert.Empty(_ends);
    }

    [Fact]
    public async Task An_encoder_that_is_sent_elsewhere_reads_where()
    {
        (_refusal, _redirect) = ("This node is being shut down.", "rtmp://other.example:1935/live");
        var running = Run();
        using var client = NewClient("demo");
        await Talk(client, RtmpClientState.Ended);
        Assert.Equal("rtmp://other.example:1935/live", client.Redirect);
        await _toServer.Writer.CompleteAsync();
        await running;
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a%00")]
    [InlineData("")]
    public async Task A_bad_name_never_reaches_the_cluster(string name)
    {
        var running = Run();
        using var client = NewClient(name);
        await Talk(client, RtmpClientState.Ended);
        await _toServer.Writer.CompleteAsync();
        await running;
        Assert.Empty(_targets);
        Assert.Contains("closed: BadUrl", _log.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_handshake_is_ended()
    {
        var running = Run();
        await _toServer.Writer.WriteAsync((byte[])[3, .. new byte[700]]);
        _time.Advance(_options.HandshakeTimeout);
        await running;
        Assert.Contains("closed: HandshakeTimeout", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_publishes_nothing_is_ended()
    {
        var running = Run();
        await _toServer.Writer.WriteAsync((byte[])[3, .. new byte[1536 * 2], .. Wire.Chunks(writer => writer.Write(
            3, RtmpMessageType.CommandAmf0, 0, 0, Wire.Amf(amf => amf.String("connect").Number(1).BeginObject().Property("app", "live").End())))]);
        await ReadReplies(1 + 2 * 1536 + 100);
        _time.Advance(_options.HandshakeTimeout);
        Assert.False(running.IsCompleted);
        _time.Advance(_options.PublishTimeout - _options.HandshakeTimeout);
        await running;
        Assert.Contains("closed: PublishTimeout", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_encoder_is_ended_as_silent()
    {
        var (running, client) = await OnAir("demo");
        _time.Advance(_options.IdleTimeout);
        await running;
        Assert.Equal([PublishEnd.Silent], _ends);
        Assert.Contains("closed: IdleTimeout", _log.Lines[^1], StringComparison.Ordinal);
        client.Dispose();
    }

    [Fact]
    public async Task The_cluster_can_end_a_session_and_the_encoder_is_told()
    {
        var (running, client) = await OnAir("demo");
        await _endedByCluster.CancelAsync();
        await Talk(client, RtmpClientState.Ended);
        Assert.StartsWith("NetStream.Publish.Denied", client.Refusal, StringComparison.Ordinal);
        await _toServer.Writer.CompleteAsync();
        await running;
        Assert.Contains("closed: EndedByServer", _log.Lines[^1], StringComparison.Ordinal);
        client.Dispose();
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "does not speak plain RTMP")]
    [InlineData("\u0016\u0003\u0001", "does not speak plain RTMP")]
    public async Task Other_protocols_get_one_line(string text, string why)
    {
        var running = Run();
        await _toServer.Writer.WriteAsync(System.Text.Encoding.Latin1.GetBytes(text));
        await running;
        Assert.Contains(why, Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unsupported_track_is_one_line_and_the_session_goes_on()
    {
        var (running, client) = await OnAir("demo");
        for (var i = 0u; i < 5; i++)
        {
            client.SendAudio(i, [], [0xB6, 0]);   // Speex
        }

        client.SendVideo(0, [], Wire.Hex("17 00 000000" + CodecVectors.AvcC));
        client.SendVideo(40, Wire.Hex("17 01 000000"), Wire.Hex("00000003 658884"));
        await _toServer.Writer.FlushAsync();
        await _toServer.Writer.CompleteAsync();
        await running;
        Assert.Equal(1, _sink.Frames);
        Assert.Contains("Speex", Assert.Single(_log.Lines, line => line.Contains("sound", StringComparison.Ordinal)), StringComparison.Ordinal);
        client.Dispose();
    }

    [Fact]
    public void Places_are_counted_over_all_and_by_address()
    {
        var places = new RtmpPlaces();
        var rules = new RtmpOptions { MaxConnections = 3, MaxConnectionsPerAddress = 2 };
        var (one, two) = (IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2"));
        Assert.True(places.TryTake(one, rules));
        Assert.True(places.TryTake(one, rules));
        Assert.False(places.TryTake(one, rules));
        Assert.True(places.TryTake(two, rules));
        Assert.False(places.TryTake(IPAddress.Parse("192.0.2.3"), rules));
        places.Give(one);
        Assert.True(places.TryTake(two, rules));
    }

    Task Run()
    {
        var listener = new RtmpListener(
            Admit, new RtmpPlaces(), _pool, new Fixed<RtmpOptions>(_options), _services.GetRequiredService<IngestMetrics>(), _time, _log);
        var connection = new DefaultConnectionContext("1", new Transport(_toServer.Reader, _toClient.Writer), new Transport(_toClient.Reader, _toServer.Writer))
        {
            RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 5_000),
        };
        return listener.OnConnectedAsync(connection);   // up to its first read, before it returns
    }

    ValueTask<RtmpAnswer> Admit(PublishTarget target, CancellationToken cancellation)
    {
        _targets.Add(target);
        return _refusal is { } sentence
            ? ValueTask.FromResult(new RtmpAnswer(null, sentence, _redirect))
            : ValueTask.FromResult(new RtmpAnswer(new RtmpPublication(_sink, () => PublishEnd.Operator, End, _endedByCluster.Token), "", ""));

        ValueTask End(PublishEnd end)
        {
            _ends.Add(end);
            return ValueTask.CompletedTask;
        }
    }

    RtmpPublishClient NewClient(string name)
    {
        var client = new RtmpPublishClient(
            _toServer.Writer, _clientArena, new() { App = "live", TcUrl = "rtmp://host/live", StreamName = name }, new Random(1));
        client.Start();
        return client;
    }

    async Task<(Task Running, RtmpPublishClient Client)> OnAir(string name)
    {
        var running = Run();
        var client = NewClient(name);
        await Talk(client, RtmpClientState.OnAir);
        return (running, client);
    }

    async Task Talk(RtmpPublishClient client, RtmpClientState until)
    {
        while (client.State != until)
        {
            await _toServer.Writer.FlushAsync();
            var read = await _toClient.Reader.ReadAsync();
            var buffer = read.Buffer;
            client.TryRead(ref buffer);
            _toClient.Reader.AdvanceTo(buffer.Start, buffer.End);
            Assert.False(read.IsCompleted && client.State != until, "The server closed the connection.");
        }
    }

    async Task ReadReplies(int bytes)
    {
        var read = await _toClient.Reader.ReadAtLeastAsync(bytes);
        _toClient.Reader.AdvanceTo(read.Buffer.End);
    }

    sealed class Transport(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    sealed class Sink : IFrameSink
    {
        public int Frames { get; private set; }

        public void OnFrame(in Frame frame, SourceClock clock)
        {
            Frames++;
            frame.Data.Release();
        }

        public void OnMetadata(IReadOnlyDictionary<string, string> values)
        {
        }

        public void OnTimedMetadata(string text, long timestamp, SourceClock clock)
        {
        }
    }

    sealed class Fixed<T>(T value) : IOptionsMonitor<T>
    {
        public T CurrentValue => value;

        public T Get(string? name) => value;

        public IDisposable? OnChange(Action<T, string?> listener) => null;
    }

    sealed class Journal : ILogger<RtmpListener>
    {
        readonly List<string> _lines = [];

        public List<string> Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines)
            {
                _lines.Add(formatter(state, exception));
            }
        }
    }
}
