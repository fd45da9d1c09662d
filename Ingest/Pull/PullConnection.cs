using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Pulls;
using Tributary.Ingest.Publishing;
using Tributary.Media.Frames;
using Tributary.Protocols.Flv;
using Tributary.Protocols.Rtmp;

namespace Tributary.Ingest.Pull;

/// <summary>How an attempt ended; the label of its metric.</summary>
public enum PullEnd
{
    /// <summary>The URL names no source, or an address that may not be pulled from.</summary>
    BadSource,

    Unreachable,

    /// <summary>The server said no.</summary>
    Refused,

    /// <summary>It broke the protocol or a limit of it.</summary>
    Protocol,

    /// <summary>The server ended the stream or closed the connection.</summary>
    SourceEnded,

    ConnectionLost,

    /// <summary>Nothing came for too long.</summary>
    Silent,

    /// <summary>The stream may not be published: somebody else does, or a limit is reached.</summary>
    NotPublished,

    /// <summary>The cluster wants the pull, or its session, to end.</summary>
    Stopped,
}

/// <summary>
/// One attempt to pull: 1. find the server, 2. connect, 3. ask for the stream, 4. publish from the first frame on, until either side ends it. Nothing is
/// published before media comes, so that a source which has none takes no stream from anybody.
/// </summary>
sealed class PullConnection(
    PullAssignment pull, Publisher publisher, FramePool frames, PullOptions options, PullMetrics metrics, TimeProvider time) : IDisposable
{
    readonly FrameArena _arena = new(frames);
    PublishSession? _session;
    FlvToFrames? _toFrames;

    /// <summary>Why it ended, for people; holds no secret.</summary>
    public string Why { get; private set; } = "";

    /// <summary>Whether frames were published.</summary>
    public bool Streamed { get; private set; }

    public void Dispose() => _arena.Dispose();

    /// <summary>Runs to the end. <paramref name="streaming"/> is called when the first frames are published.</summary>
    public async Task<PullEnd> Run(Action streaming, CancellationToken stopping)
    {
        using var deadline = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, deadline.Token);
        var end = PullEnd.ConnectionLost;
        try
        {
            // 1. The server.
            if (!RtmpPlayUrl.TryParse(pull.Source!.Url, out var url, out var sentence))
            {
                return end = Ended(PullEnd.BadSource, sentence);
            }

            if (await Find(url, either.Token) is not { } address)
            {
                return end = Ended(PullEnd.BadSource, $"{url.Host} has no address that may be pulled from (Pull:PrivateAddresses is {options.PrivateAddresses}).");
            }

            // 2. The connection.
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            var remote = new IPEndPoint(address, url.Port);
            await socket.ConnectAsync(remote, either.Token);
            await using var stream = await Secured(new NetworkStream(socket), url, either.Token);

            // 3. and 4.
            return end = await Play(stream, url, remote, streaming, deadline, either.Token, stopping);
        }
        catch (OperationCanceledException)
        {
            return end = stopping.IsCancellationRequested ? Ended(PullEnd.Stopped, "It was stopped.")
                : _session is { Ended.IsCancellationRequested: true } session ? Ended(PullEnd.Stopped, $"The session was ended: {session.EndedBy}.")
                : Streamed ? Ended(PullEnd.Silent, $"The server sent nothing for {options.IdleTimeout}.")
                : Ended(PullEnd.Silent, $"No media came within {options.ConnectTimeout}.");
        }
        catch (Exception exception) when (exception is SocketException or IOException or AuthenticationException)
        {
            return end = Ended(Streamed ? PullEnd.ConnectionLost : PullEnd.Unreachable, exception.Message);
        }
        finally
        {
            metrics.Ended(end);
            if (_session is not null)
            {
                await _session.EndAsync(end switch
                {
                    PullEnd.SourceEnded => PublishEnd.Unpublished,
                    PullEnd.Silent => PublishEnd.Silent,
                    PullEnd.Stopped => PublishEnd.Operator,
                    _ => PublishEnd.ConnectionLost,
                });
            }
        }
    }

    async Task<IPAddress?> Find(RtmpPlayUrl url, CancellationToken cancellation)
    {
        var mayBePrivate = options.PrivateAddresses == PrivateAddresses.Always
            || (options.PrivateAddresses == PrivateAddresses.Configured && pull.Source!.Configured);
        IPAddress[] found = IPAddress.TryParse(url.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(url.Host, cancellation);
        return found.FirstOrDefault(address => mayBePrivate || PullAddress.IsPublic(address));
    }

    static async Task<Stream> Secured(Stream stream, RtmpPlayUrl url, CancellationToken cancellation)
    {
        if (!url.Secure)
        {
            return stream;
        }

        var secure = new SslStream(stream);
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = url.Host }, cancellation);
        return secure;
    }

    async Task<PullEnd> Play(
        Stream stream, RtmpPlayUrl url, IPEndPoint remote, Action streaming, CancellationTokenSource deadline, CancellationToken either, CancellationToken stopping)
    {
        var input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
        var output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        using var client = new RtmpPlayClient(
            output, _arena, new RtmpClientOptions { App = url.App, TcUrl = url.TcUrl, StreamName = url.Name }, Random.Shared);
        client.Start();
        var counted = 0L;
        while (true)
        {
            await output.FlushAsync(either);
            using var read = CancellationTokenSource.CreateLinkedTokenSource(either, _session?.Ended ?? CancellationToken.None);
            var result = await input.ReadAsync(read.Token);
            var buffer = result.Buffer;
            while (client.TryRead(ref buffer, out var message))
            {
                if (!await Take(message, remote, streaming, stopping))
                {
                    return PullEnd.NotPublished;
                }
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            metrics.Received(client.BytesRead - counted);
            counted = client.BytesRead;
            if (Streamed)
            {
                deadline.CancelAfter(options.IdleTimeout);
            }

            if (client.State == RtmpClientState.Ended)
            {
                return client.Refusal.Length > 0 ? Ended(PullEnd.Refused, Shown(client.Refusal))
                    : Ended(client.End == RtmpEnd.StreamEnded ? PullEnd.SourceEnded : PullEnd.Protocol, client.End.Sentence());
            }

            if (result.IsCompleted)
            {
                return Ended(PullEnd.SourceEnded, "The server closed the connection.");
            }
        }
    }

    async ValueTask<bool> Take(RtmpMessage message, IPEndPoint remote, Action streaming, CancellationToken stopping)
    {
        if (_toFrames is null && message.Kind is RtmpMessageKind.Audio or RtmpMessageKind.Video && !await Publish(remote, streaming, stopping))
        {
            message.Payload.Release();
            return false;
        }

        switch (message.Kind)
        {
            case RtmpMessageKind.Video:
                _toFrames!.OnVideo(message.Timestamp, message.Payload);
                break;
            case RtmpMessageKind.Audio:
                _toFrames!.OnAudio(message.Timestamp, message.Payload);
                break;
            default:
                _toFrames?.OnData(message.Timestamp, message.Payload.Span);
                message.Payload.Release();
                break;
        }

        return true;
    }

    async ValueTask<bool> Publish(IPEndPoint remote, Action streaming, CancellationToken stopping)
    {
        var target = new PublishTarget(pull.Name, pull.Slot, null, "pull", remote) { Pulled = true };
        var result = await publisher.PublishAsync(target, stopping);
        if (result.Session is not { } session)
        {
            Ended(PullEnd.NotPublished, result.Sentence);
            return false;
        }

        (_session, _toFrames, Streamed) = (session, new FlvToFrames(session, _arena), true);
        streaming();
        return true;
    }

    PullEnd Ended(PullEnd end, string why)
    {
        Why = why;
        return end;
    }

    // A server's own words may repeat what it was asked, the credential with it.
    string Shown(string words)
    {
        var text = new string([.. words.Take(200).Select(static letter => char.IsControl(letter) ? '?' : letter)]);
        var query = pull.Source!.Url.IndexOf('?') is var at and >= 0 ? pull.Source.Url[(at + 1)..] : "";
        return query.Split('&').SelectMany(pair => pair.Split('=', 2).Skip(1)).Where(secret => secret.Length > 0)
            .Aggregate(text, (shown, secret) => shown.Replace(secret, "…", StringComparison.Ordinal));
    }
}
