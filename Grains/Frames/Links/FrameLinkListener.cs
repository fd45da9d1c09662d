using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Streams;

namespace Tributary.Grains.Frames.Links;

/// <summary>Where other hosts fetch the frames of streams that this host has: one connection per host, one subscription per stream.</summary>
public sealed partial class FrameLinkListener(
    [FromKeyedServices(FrameStreamProvider.ProviderName)] IStreamProvider frames,
    IOptions<FrameLinkOptions> options,
    FrameMetrics metrics,
    TimeProvider time,
    ILogger<FrameLinkListener> log) : ConnectionHandler
{
    /// <summary>When this host stops, the last frames of its publishers and the word that they ended still go out.</summary>
    static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var peer = connection.RemoteEndPoint?.ToString() ?? "";
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        if (!await Prove(connection.Transport, LinkTls.Binding(connection), ended.Token))
        {
            LogStranger(peer);
            return;
        }

        var outbox = new LinkOutbox(connection.Transport.Output, metrics);
        var followers = new Dictionary<int, LinkFollower>();
        var sending = outbox.Run(ended.Token);
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        await using var onStopping = stopping.UnsafeRegister(_ => _ = EndSoon(connection.Transport.Input), null);
        LogOpened(peer);
        var why = "closed";
        try
        {
            why = await Serve(connection.Transport.Input, outbox, followers);
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException or ConnectionResetException or OperationCanceledException)
        {
            why = exception.Message;
        }
        finally
        {
            await Task.WhenAll(followers.Values.Select(follower => follower.Handle?.UnsubscribeAsync() ?? Task.CompletedTask));
            await ended.CancelAsync();
            await sending.ContinueWith(static _ => { }, TaskScheduler.Default);
            LogClosed(peer, followers.Count, why);
        }
    }

    async Task EndSoon(PipeReader input)
    {
        await Task.Delay(LastWords, time);
        input.CancelPendingRead();
    }

    async Task<bool> Prove(IDuplexPipe pipe, byte[] binding, CancellationToken cancellation)
    {
        if (options.Value.Secret.Length == 0)
        {
            return false;
        }

        using var deadline = new CancellationTokenSource(options.Value.HandshakeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            return await LinkHandshake.AsServer(pipe, options.Value.Secret, binding, either.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ConnectionResetException or ConnectionAbortedException)
        {
            return false;
        }
    }

    async Task<string> Serve(PipeReader input, LinkOutbox outbox, Dictionary<int, LinkFollower> followers)
    {
        while (true)
        {
            var read = await input.ReadAsync();
            if (read.IsCanceled)
            {
                return "this host stops";
            }

            var buffer = read.Buffer;
            LinkReadResult result;
            while ((result = LinkMessage.TryTake(ref buffer, out var message, maxLength: 4_096)) == LinkReadResult.Prepared)
            {
                if (await Handle(message, outbox, followers) is { } broken)
                {
                    return broken;
                }
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (result == LinkReadResult.Malformed)
            {
                return "it sent something that is no link message";
            }

            if (read.IsCompleted)
            {
                return "the other host closed it";
            }
        }
    }

    // Null, or the rule that was broken.
    async Task<string?> Handle(LinkMessage message, LinkOutbox outbox, Dictionary<int, LinkFollower> followers)
    {
        switch (message.Type)
        {
            case LinkMessageType.Subscribe when LinkRequests.TryReadSubscribe(message, out var stream, out var fromMsn):
                if (followers.ContainsKey(message.Subscription) || followers.Count >= options.Value.MaxSubscriptions)
                {
                    return "it subscribed twice, or to too many streams";
                }

                var follower = new LinkFollower(message.Subscription, outbox, options.Value.Credit, metrics);
                followers.Add(message.Subscription, follower);
                try
                {
                    follower.Handle = await frames.GetStream<FrameBatch>(FrameStreamHosting.FramesOf(stream))
                        .SubscribeAsync(follower, new FrameSequenceToken(fromMsn));   // with the past, before it returns
                    outbox.CaughtUp(follower);
                }
                catch (InvalidOperationException exception)
                {
                    outbox.Refuse(follower, exception.Message);
                }

                return null;

            case LinkMessageType.Unsubscribe:
                if (followers.Remove(message.Subscription, out var gone) && gone.Handle is { } handle)
                {
                    await handle.UnsubscribeAsync();
                }

                return null;

            case LinkMessageType.Credit when LinkRequests.TryReadCredit(message, out var bytes):
                if (followers.TryGetValue(message.Subscription, out var slow))
                {
                    slow.Grant(bytes);
                }

                return null;

            default:
                return "it asked for something unknown";
        }
    }

    [LoggerMessage(LogLevel.Information, "Frame link from {Peer} opened")]
    partial void LogOpened(string peer);

    [LoggerMessage(LogLevel.Information, "Frame link from {Peer} with {Streams} streams ended: {Why}")]
    partial void LogClosed(string peer, int streams, string why);

    [LoggerMessage(LogLevel.Warning, "Frame link from {Peer} refused: it does not know the cluster's secret")]
    partial void LogStranger(string peer);
}
