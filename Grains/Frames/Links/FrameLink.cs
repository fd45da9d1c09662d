using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Tributary.Media.Frames;

namespace Tributary.Grains.Frames.Links;

/// <summary>
/// The subscribing end of the one connection to another host. It is opened with the first stream, tried again while there are streams, and
/// takes up each stream where it broke off: nothing inside the window is lost, and nothing comes twice.
/// </summary>
sealed partial class FrameLink : IAsyncDisposable
{
    readonly string _endpoint;
    readonly FrameChannels _channels;
    readonly FrameLinkOptions _options;
    readonly LinkTls _tls;
    readonly FrameMetrics _metrics;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly Action<string> _broken;
    readonly ConcurrentDictionary<int, LinkFeed> _feeds = new();
    readonly ConcurrentDictionary<string, int> _subscriptions = new(StringComparer.Ordinal);
    readonly SemaphoreSlim _writing = new(1);
    readonly SemaphoreSlim _wanted = new(0);
    readonly CancellationTokenSource _stopping = new();
    readonly FrameArena _arena = new(FramePool.Shared);
    readonly Task _running;
    PipeWriter? _output;
    int _lastSubscription;

    public FrameLink(
        string endpoint, FrameChannels channels, FrameLinkOptions options, LinkTls tls, FrameMetrics metrics, TimeProvider time, ILogger log,
        Action<string> broken)
    {
        (_endpoint, _channels, _options, _tls, _metrics, _time, _log, _broken) = (endpoint, channels, options, tls, metrics, time, log, broken);
        _running = Task.Run(Run);
    }

    /// <summary>Begins to follow a stream; <paramref name="onFirstFrame"/> is called once, when its first frame comes this way.</summary>
    public void Follow(string stream, Action? onFirstFrame)
    {
        var subscription = Interlocked.Increment(ref _lastSubscription);
        if (_subscriptions.TryAdd(stream, subscription))
        {
            var feed = _feeds[subscription] = new LinkFeed(stream, subscription, _channels, _arena, onFirstFrame);
            _wanted.Release();
            _ = Tell(output => Subscribe(output, feed));
        }
    }

    /// <summary>Completes when the stream's source has ended as far as this link can tell.</summary>
    public Task EndOf(string stream) =>
        _subscriptions.TryGetValue(stream, out var subscription) && _feeds.TryGetValue(subscription, out var feed) ? feed.Ended : Task.CompletedTask;

    /// <summary>Completes when a stream that is followed has caught up with its source.</summary>
    public Task CaughtUp(string stream) =>
        _subscriptions.TryGetValue(stream, out var subscription) && _feeds.TryGetValue(subscription, out var feed) ? feed.CaughtUp : Task.CompletedTask;

    public void Leave(string stream)
    {
        if (_subscriptions.TryRemove(stream, out var subscription) && _feeds.TryRemove(subscription, out var feed))
        {
            feed.LetGo();
            _ = Tell(output => LinkRequests.Unsubscribe(output, subscription));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _arena.Dispose();
    }

    async Task Run()
    {
        var pause = _options.ReconnectDelay;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                while (_feeds.IsEmpty)
                {
                    await _wanted.WaitAsync(_stopping.Token);
                }

                await Connect(() => pause = _options.ReconnectDelay);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or TimeoutException)
            {
                LogBroken(_endpoint, _feeds.Count, exception.Message);
            }

            _metrics.LinkBroken();
            foreach (var feed in _feeds.Values)
            {
                feed.End();
                _broken(feed.Stream);
            }

            await Task.Delay(pause, _time, _stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            pause = pause * 2 < _options.MaxReconnectDelay ? pause * 2 : _options.MaxReconnectDelay;
        }
    }

    async Task Connect(Action opened)
    {
        var split = _endpoint.LastIndexOf(':');
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        NoticeDeath(socket);
        using var deadline = new CancellationTokenSource(_options.HandshakeTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _stopping.Token);
        await socket.ConnectAsync(_endpoint[..split], int.Parse(_endpoint[(split + 1)..]), either.Token);
        await using var plain = new NetworkStream(socket, ownsSocket: false);
        await using var secured = _tls.IsOn ? await _tls.AsClient(plain, _endpoint[..split], either.Token) : null;
        Stream stream = secured is null ? plain : secured;
        var pipe = new DuplexPipe(PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1_024)), PipeWriter.Create(stream));
        if (!await Prove(pipe, secured, either.Token))
        {
            throw new IOException("the other host does not know the cluster's secret, or "
                + (secured is null ? "has TLS where this one has none" : "does not accept this host's certificate"));
        }

        opened();
        LogOpened(_endpoint);
        try
        {
            await Tell(output => { }, pipe.Output);
            foreach (var feed in _feeds.Values)
            {
                await Tell(output => Subscribe(output, feed));
            }

            await Read(pipe.Input);
        }
        finally
        {
            _output = null;
        }
    }

    // With TLS 1.3 the other end may refuse our certificate only after our part of TLS is done: then the connection ends here.
    async Task<bool> Prove(IDuplexPipe pipe, SslStream? secured, CancellationToken cancellation)
    {
        try
        {
            return await LinkHandshake.AsClient(pipe, _options.Secret, LinkTls.Binding(secured?.RemoteCertificate), cancellation);
        }
        catch (IOException) when (secured is not null)
        {
            return false;
        }
    }

    // This end mostly listens: without probes it would wait for ever for a host that lost its power or its network.
    void NoticeDeath(Socket socket)
    {
        var silence = Math.Max(2, (int)_options.PeerTimeout.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, silence - 1);
    }

    static void Subscribe(PipeWriter output, LinkFeed feed)
    {
        // Told under the lock of the writer: a stream that is followed while the link opens is asked for once.
        if (feed.TryAsk(output, out var fromMsn))
        {
            LinkRequests.Subscribe(output, feed.Subscription, feed.Stream, fromMsn);
        }
    }

    async Task Read(PipeReader input)
    {
        while (true)
        {
            var read = await input.ReadAsync(_stopping.Token);
            var buffer = read.Buffer;
            LinkReadResult result;
            while ((result = LinkMessage.TryTake(ref buffer, out var message)) == LinkReadResult.Prepared)
            {
                if (_feeds.TryGetValue(message.Subscription, out var feed) && (result = feed.Take(message)) is LinkReadResult.Malformed)
                {
                    break;
                }
            }

            foreach (var feed in _feeds.Values)
            {
                feed.Publish();
                if (feed.TakeCredit(_options.Credit / 8) is > 0 and var bytes)
                {
                    await Tell(output => LinkRequests.Credit(output, feed.Subscription, bytes));
                }
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (result == LinkReadResult.Malformed)
            {
                throw new IOException("the other host sent something that is no link message");
            }

            if (read.IsCompleted)
            {
                throw new IOException("the other host closed it");
            }
        }
    }

    async Task Tell(Action<PipeWriter> write, PipeWriter? opened = null)
    {
        await _writing.WaitAsync(_stopping.Token);
        try
        {
            _output = opened ?? _output;
            if (_output is { } output)
            {
                write(output);
                await output.FlushAsync(_stopping.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // The reader sees the same and begins anew.
        }
        finally
        {
            _writing.Release();
        }
    }

    sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    [LoggerMessage(LogLevel.Information, "Frame link to {Endpoint} opened")]
    partial void LogOpened(string endpoint);

    [LoggerMessage(LogLevel.Warning, "Frame link to {Endpoint} with {Streams} streams is broken ({Why}); it is tried again")]
    partial void LogBroken(string endpoint, int streams, string why);
}
