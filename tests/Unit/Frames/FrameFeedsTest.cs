using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.Frames.Links;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;
using Tributary.Media.Frames;

namespace Tributary.Unit.Frames;

/// <summary>Two hosts in one process with a real socket between them.</summary>
public sealed class FrameFeedsTest
{
    static readonly TrackInfo Video = new() { Id = 1, Codec = Codec.H264, Timescale = 90_000, CodecString = "avc1.64001f" };
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Frames_of_another_host_arrive_with_catch_up_and_without_a_hole()
    {
        await using var publisher = await Host.Start("a", "secret");
        await using var viewer = await Host.Start("b", "secret");
        publisher.Publish(0, 10);
        viewer.Feeds.Direct("show", publisher.Directive);
        await viewer.Until(count: 10);
        publisher.Publish(10, 15);
        await viewer.Until(count: 25);

        Assert.Equal(Enumerable.Range(0, 25), viewer.Seen);
        Assert.Equal("avc1.64001f", viewer.LastTrack);
    }

    [Fact]
    public async Task A_broken_link_is_taken_up_where_it_broke_off()
    {
        await using var publisher = await Host.Start("a", "secret");
        await using var viewer = await Host.Start("b", "secret");
        await using var relay = new Relay(publisher.Port);
        publisher.Publish(0, 7);
        viewer.Feeds.Direct("show", publisher.Directive with { FrameLink = $"127.0.0.1:{relay.Port}" });
        await viewer.Until(count: 7);

        relay.Cut();
        publisher.Publish(7, 9);   // while there is no link
        await viewer.Until(count: 16);
        publisher.Publish(16, 4);
        await viewer.Until(count: 20);

        Assert.Equal(Enumerable.Range(0, 20), viewer.Seen);
    }

    [Fact]
    public async Task Who_does_not_know_the_secret_gets_nothing()
    {
        await using var publisher = await Host.Start("a", "secret");
        await using var stranger = await Host.Start("b", "guess");
        publisher.Publish(0, 5);
        stranger.Feeds.Direct("show", publisher.Directive);

        await publisher.Refused.Task.WaitAsync(Patience);
        Assert.Empty(stranger.Seen);
    }

    [Fact]
    public async Task The_source_may_move_to_another_host()
    {
        await using var first = await Host.Start("a", "secret");
        await using var second = await Host.Start("c", "secret");
        await using var viewer = await Host.Start("b", "secret");
        first.Publish(0, 10);
        viewer.Feeds.Direct("show", first.Directive);
        await viewer.Until(count: 10);

        second.Publish(10, 10);
        viewer.Feeds.Direct("show", second.Directive with { Epoch = 2 });
        await viewer.Until(count: 20);
        first.Publish(20, 5);    // nobody listens to it any more
        second.Publish(20, 5);
        await viewer.Until(count: 25);

        Assert.Equal(Enumerable.Range(0, 25), viewer.Seen);
    }

    [Fact]
    public async Task A_signal_travels_behind_the_frames_before_it()
    {
        await using var publisher = await Host.Start("a", "secret");
        await using var viewer = await Host.Start("b", "secret");
        publisher.Publish(0, 3);
        viewer.Feeds.Direct("show", publisher.Directive);
        await viewer.Until(count: 3);
        publisher.Signal(StreamSignal.SourceLost);

        Assert.Equal(StreamSignal.SourceLost, await viewer.NextSignal());
        Assert.Equal(3, viewer.Seen.Count);
    }

    /// <summary>What a process has: channels, a listener, feeds, and one follower of the stream "show".</summary>
    internal sealed class Host : IAsyncObserver<FrameBatch>, IAsyncDisposable
    {
        readonly WebApplication _app;
        readonly FrameArena _arena = new(new FramePool());
        readonly IAsyncStream<FrameBatch> _stream;
        readonly Channel<string> _warnings = Channel.CreateUnbounded<string>();
        readonly Channel<StreamSignal> _signals = Channel.CreateUnbounded<StreamSignal>();
        readonly SemaphoreSlim _came = new(0);
        readonly List<int> _seen = [];

        Host(WebApplication app, string node)
        {
            (_app, Node) = (app, node);
            _stream = app.Services.GetRequiredKeyedService<IStreamProvider>(FrameStreamProvider.ProviderName)
                .GetStream<FrameBatch>(FrameStreamHosting.FramesOf("show"));
        }

        public string Node { get; }

        public int Port { get; private set; }

        public TaskCompletionSource Refused { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public FrameFeeds Feeds => _app.Services.GetRequiredService<FrameFeeds>();

        public StreamDirective Directive => new() { State = StreamState.Live, Epoch = 1, Version = 1, Node = Node, FrameLink = $"127.0.0.1:{Port}" };

        public string LastTrack { get; private set; } = "";

        public IReadOnlyList<int> Seen
        {
            get
            {
                lock (_seen)
                {
                    return [.. _seen];
                }
            }
        }

        public static async Task<Host> Start(string node, string secret, params (string Key, string Value)[] settings)
        {
            var builder = WebApplication.CreateSlimBuilder();
            var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Frames:Link:Secret"] = secret, ["Frames:Link:ReconnectDelay"] = "00:00:00.020",
            }).AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value))).Build();
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton(TimeProvider.System).AddSingleton(new NodeIdentity(node, "")).AddFrameStreams(configuration);
            builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseFrameLinks()));
            var watched = new LogWatch();
            builder.Logging.AddProvider(watched);
            var app = builder.Build();
            await app.StartAsync();
            var host = new Host(app, node)
            {
                Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port,
            };
            watched.OnLine = line =>
            {
                host._warnings.Writer.TryWrite(line);
                if (line.Contains("refused"))
                {
                    host.Refused.TrySetResult();
                }
            };
            await host._stream.SubscribeAsync(host);
            return host;
        }

        public void Publish(int first, int count)
        {
            for (var n = first; n < first + count; n++)
            {
                var data = _arena.Allocate(100 + n);
                data.Writable[0] = (byte)n;
                var mark = Mark(n / 5);
                _ = _stream.OnNextAsync(new FrameBatch(new[]
                {
                    new MarkedFrame(new Frame(Video, data, n * 18_000L, 0, 0, n % 5 == 0 ? FrameFlags.Key : FrameFlags.None), mark, 0),
                }));
                data.Release();
            }
        }

        readonly Dictionary<int, SegmentMark> _marks = [];

        SegmentMark Mark(int msn)
        {
            if (!_marks.TryGetValue(msn, out var mark))
            {
                _marks[msn] = mark = new SegmentMark
                {
                    Msn = msn, Epoch = 1, DiscontinuitySequence = 0, StartsDiscontinuity = false, Start90k = msn * 90_000L,
                    ProgramDateTime = DateTimeOffset.UnixEpoch, Independent = true, TargetDuration = 1,
                };
            }

            return mark;
        }

        public void Signal(StreamSignal signal) => _stream.OnNextAsync(new FrameBatch(default, signal));

        public async Task Until(int count)
        {
            using var deadline = new CancellationTokenSource(Patience);
            while (Seen.Count < count)
            {
                await _came.WaitAsync(deadline.Token);
            }
        }

        /// <summary>Waits for a warning that holds the words.</summary>
        public async Task<string> Warns(string words)
        {
            using var deadline = new CancellationTokenSource(Patience);
            while (true)
            {
                var line = await _warnings.Reader.ReadAsync(deadline.Token);
                if (line.Contains(words, StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }

        public async Task<StreamSignal> NextSignal() => await _signals.Reader.ReadAsync().AsTask().WaitAsync(Patience);

        public Task OnNextAsync(FrameBatch item, StreamSequenceToken? token = null)
        {
            lock (_seen)
            {
                foreach (ref readonly var frame in item.Frames.Span)
                {
                    _seen.Add(frame.Frame.Data.Span[0]);
                    LastTrack = frame.Frame.Track.CodecString;
                }
            }

            if (item.Signal != StreamSignal.None)
            {
                _signals.Writer.TryWrite(item.Signal);
            }

            _came.Release();
            return Task.CompletedTask;
        }

        public Task OnCompletedAsync() => Task.CompletedTask;

        public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

        public async ValueTask DisposeAsync()
        {
            await Feeds.DisposeAsync();
            await _app.DisposeAsync();
            _arena.Dispose();
        }
    }

    sealed class LogWatch : ILoggerProvider, ILogger
    {
        public Action<string>? OnLine { get; set; }

        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            OnLine?.Invoke(formatter(state, exception));
    }

    /// <summary>Stands between two hosts and can break what passes.</summary>
    internal sealed class Relay : IAsyncDisposable
    {
        readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        readonly List<Socket> _open = [];
        readonly int _target;
        readonly Task _accepting;

        public Relay(int target)
        {
            _target = target;
            _listener.Start();
            _accepting = Accept();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Cut()
        {
            lock (_open)
            {
                _open.ForEach(socket => socket.Close(0));
                _open.Clear();
            }
        }

        async Task Accept()
        {
            try
            {
                while (true)
                {
                    var near = await _listener.AcceptSocketAsync();
                    var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    await far.ConnectAsync(IPAddress.Loopback, _target);
                    lock (_open)
                    {
                        _open.AddRange([near, far]);
                    }

                    _ = Copy(near, far);
                    _ = Copy(far, near);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        static async Task Copy(Socket from, Socket to)
        {
            try
            {
                var buffer = new byte[16_384];
                for (int count; (count = await from.ReceiveAsync(buffer)) > 0;)
                {
                    await to.SendAsync(buffer.AsMemory(0, count));
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // Cut.
            }
        }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            Cut();
            await _accepting;
        }
    }
}
